import Foundation
import PodIdentity
import PodObjects
import Program
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Linux

@testable import Reaping

@Suite("The journal")
struct JournalFileTests {
  private func entry(_ run: String, evidence: [String] = []) -> Journal.Entry {
    Journal.Entry(
      time: "", verdict: "leaked", why: "", task: "", run: run, framework: "", executor: "",
      evidence: evidence, removed: [:], failed: [], pending: [], secondsSinceDeath: nil)
  }

  private func runs(_ path: String) throws -> [String?] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["run"] as? String
    }
  }

  @Test("ends a partial line of a crash, so that no later line is lost")
  func halfLine() async throws {
    try await withTemporaryDirectory { directory in
      let journal = Journal(path: directory.path("journal.jsonl"), limit: 10_000)
      try journal.append(entry("one"))
      let file = try #require(FileHandle(forWritingAtPath: journal.path))
      try file.seekToEnd()
      try file.write(contentsOf: Data(#"{"run":"ha"#.utf8))
      try file.close()
      for run in ["two", "three"] { try journal.append(entry(run)) }
      #expect(try runs(journal.path) == ["one", nil, "two", "three"])
    }
  }

  @Test("has only whole lines on a full disk, and continues when there is space")
  func fullDisk() async throws {
    try await withTemporaryDirectory { directory in
      try await Command("mount", ["-t", "tmpfs", "-o", "size=64k", "none", directory.path]).output()
      var problem: (any Error)?
      var count = 0
      do {
        let journal = Journal(path: directory.path("journal.jsonl"), limit: 1 << 20)
        let long = String(repeating: "x", count: 5000)
        while problem == nil, count < 100 {
          do {
            try journal.append(entry("\(count)", evidence: [long]))
            count += 1
          } catch { problem = error }
        }
        #expect(count > 5 && count < 100 && problem as? Errno == .noSpace)
        #expect(try runs(journal.path) == (0..<count).map { "\($0)" })
        try journal.append(entry("short"))
        #expect(try runs(journal.path).last == "short")
      } catch { problem = error }
      try await Command("umount", [directory.path]).output()
      if let problem, !(problem is Errno) { throw problem }
    }
  }

  @Test("and other private files are refused in a directory that others can write to")
  func directories() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("state")
      try PrivateFile.directory(path)
      for mode: mode_t in [0o775, 0o757, 0o777] {
        chmod(path, mode)
        #expect(throws: Errno.permissionDenied) { try PrivateFile.directory(path) }
      }
      chmod(path, 0o755)
      try PrivateFile.directory(path)
    }
  }
}

@Suite("Printed labels")
struct HostileLabelTests {
  @Test("have no control character, whichever label it is")
  func labels() throws {
    let hostile = "x\u{1b}]0;pwned\u{7}\n\u{9b}31m\u{202e}"
    for pid: Int32? in [nil, 42] {
      let identity = PodIdentity(
        frameworkID: hostile, executorID: hostile, taskID: hostile, run: hostile, agentID: hostile,
        incarnation: Incarnation(bootID: "boot-1", pid: pid, startTime: 7),
        host: HostIdentity(machineID: hostile), cgroupParent: "/mesos/\(hostile)")
      let view = AgentView(agentID: "agent-1", runs: [], reservation: nil)
      let findings = [
        view.finding(for: identity), .agentSilent(hostile), .cgroupUnreadable(hostile),
        .processUnreadable(hostile),
      ]
      for finding in findings {
        let verdict = Sample.verdict(
          identity, [(100, .cgroupEmpty), (100, finding)], now: 101)
        let pod = DiscoveredPod(
          identity: identity,
          objects: [
            PodObject(.container, "i", name: hostile), PodObject(.network, "i", name: hostile),
            PodObject(.volume, hostile),
          ])
        var entry = PodReport(
          pod, Sample.record([(100, finding)]), verdict, sandbox: hostile, now: Sample.time(101))
        var result = RemovalResult(removed: ["volumes": [hostile]], pending: [hostile])
        result.failed = [.init(kind: "networks", name: hostile, reason: hostile)]
        entry.record(result)
        entry.verdict = "leaked"
        var report = PassReport(pods: [entry], cgroupsRemoved: [hostile])
        (report.cgroupsPending, report.cgroupsFailed) = ([hostile], [hostile])
        report.makePrintable()
        for text in [ReportTable.text(report), Explanation.text(entry), try report.json()] {
          let control = text.unicodeScalars.first {
            $0 != "\n" && ($0.properties.generalCategory == .control || $0 == "\u{202e}")
          }
          #expect(control == nil, "\(finding): \(text)")
          #expect(!text.contains("\npwned"))
        }
      }
    }
  }
}

@Suite("The control and metrics socket")
struct LineServerTests {
  private func ask(_ file: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
  }

  @Test("limits the time of slow clients like that of silent ones")
  func dribbling() async throws {
    try await withTemporaryDirectory { directory in
      let server = try LineServer(.unix(path: directory.path("s"))) { "answer to \($0)" }
      async let _ = server.serve()
      defer { server.stop() }
      let slow = try (0..<8).map { _ in try #require(UnixSocket.connect(directory.path("s"))) }
      defer { for file in slow { close(file) } }
      try await eventually("an answer") {
        for file in slow { ask(file, "x") }
        // Until then a new client is refused at once.
        return try await onThread { LineClient.request(directory.path("s"), "me") != nil }
      }
    }
  }

  @Test("refuses clients if no thread can be started, at no later cost")
  func clientThreads() async throws {
    try await withTemporaryDirectory { directory in
      let threads = Threads()
      let server = try LineServer(
        .unix(path: directory.path("s")),
        startThread: { body throws(Errno) in try threads.start(body) }
      ) { "answer to \($0)" }
      async let _ = server.serve()
      defer { server.stop() }
      threads.areExhausted = true
      for _ in 0..<20 {
        let file = try #require(UnixSocket.connect(directory.path("s")))
        defer { close(file) }
        var byte: UInt8 = 0
        try await eventually("the end of the connection") {
          recv(file, &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }
      }
      threads.areExhausted = false
      let text = try await eventually("an answer") {
        try await onThread { LineClient.request(directory.path("s"), "me") }
      }
      #expect(text == "answer to me")
    }
  }

  @Test("doesn't exist without a thread that accepts")
  func acceptThread() async throws {
    try await withTemporaryDirectory { directory in
      let threads = Threads()
      threads.areExhausted = true
      let start: LineServer.ThreadStart = { body throws(Errno) in try threads.start(body) }
      let path = directory.path("s")
      #expect(throws: Errno.resourceTemporarilyUnavailable) {
        try LineServer(.unix(path: path), startThread: start) { $0 }
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      threads.areExhausted = false
      let server = try LineServer(.unix(path: path), startThread: start) { $0 }
      defer { server.stop() }
      unlink(path)
      threads.areExhausted = true
      #expect(throws: RestoreFailure(path: path, reason: .resourceTemporarilyUnavailable)) {
        try server.restore()
      }
      threads.areExhausted = false
      #expect(try server.restore() == [path])
      #expect(UnixSocket.connect(path) != nil)
    }
  }

  /// A source of threads that can fail.
  private final class Threads: Sendable {
    private let exhausted = Mutex(false)
    var areExhausted: Bool {
      get { exhausted.withLock(\.self) }
      set { exhausted.withLock { $0 = newValue } }
    }

    func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
      if areExhausted { throw .resourceTemporarilyUnavailable }
      try LineServer.startThread(body)
    }
  }

  @Test("replaces a socket without a listener, and nothing else")
  func location() async throws {
    try await withTemporaryDirectory { directory in
      let file = try directory.write("metrics", "somebody's")
      #expect(throws: Errno.addressInUse) { try LineServer(.unix(path: file)) { $0 } }
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "somebody's")
      let first = try LineServer(.unix(path: directory.path("s"))) { $0 }
      #expect(throws: Errno.addressInUse) {
        try LineServer(.unix(path: directory.path("s"))) { $0 }
      }
      first.stop()
      let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      #expect(UnixSocket.bind(stale, to: directory.path("s"), mode: 0o600) == 0)
      close(stale)
      // A process that another test starts has the descriptor until it executes its program.
      try await eventually("no process has the socket") {
        UnixSocket.isAbandoned(directory.path("s"))
      }
      try LineServer(.unix(path: directory.path("s"))) { $0 }.stop()
    }
  }
}
