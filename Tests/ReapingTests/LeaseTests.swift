import DockerEngine
import Foundation
import Logging
import PodIdentity
import Program
import Synchronization
import TestSupport
import Testing
import Linux

@testable import Reaping

/// The events of a lease server, in order.
private final class Reports: Sendable {
  private let list = Mutex<[LeaseEvent]>([])
  func add(_ event: LeaseEvent) { list.withLock { $0.append(event) } }
  var all: [LeaseEvent] { list.withLock { $0 } }

  var words: [String] {
    all.map {
      switch $0 {
      case .held(let holder): "held \(holder.run)"
      case .released(let holder): "released \(holder.run)"
      case .ended(let holder): "ended \(holder.run)"
      case .podLaunched(let holder, let seconds): "launched \(holder.run) \(seconds)"
      case .podEnded(let holder, let outcome): "pod of \(holder.run) \(outcome)"
      case .dropped(let holder, let ended): "dropped \(holder.run)\(ended ? " ended" : "")"
      }
    }
  }
}

extension LeaseServer.Limits {
  /// Bounds for clients that a busy machine delays.
  static func patient(perUser: Int = 1024, perSecond: Double = 4) -> Self {
    var limits = Self(perUser: perUser, perSecond: perSecond)
    limits.hello = .seconds(120)
    return limits
  }
}

/// Calls `body` with a server of its own.
private func withServer(
  limits: LeaseServer.Limits = .patient(),
  _ body: (_ path: String, _ reports: Reports) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    let reports = Reports()
    let path = directory.path + "/lease.sock"
    let server = try LeaseServer(path: path, limits: limits, log: Logger(label: "test")) {
      reports.add($0)
    }
    defer { server.stop() }
    try await body(path, reports)
  }
}

/// A client that sends arbitrary bytes.
private final class Client {
  let file: Int32

  init(_ path: String) throws { file = try #require(UnixSocket.connect(path)) }
  deinit { close(file) }

  func say(_ bytes: [UInt8]) { _ = send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// The response; empty if the server has closed the connection. The wait blocks no thread.
  func response(within limit: Duration = .seconds(180)) async throws -> String {
    try await eventually("an answer or the end of the connection", within: limit) { () -> String? in
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = recv(file, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count < 0 { return errno == EAGAIN ? nil : "" }
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }
}

@Suite("Leases")
struct LeaseTests {
  @Test("accept restart counts from holders that offer them, and are lost at an invalid line")
  func restarts() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path + "/lease.sock"
      let server = try LeaseServer(path: path, limits: .patient(), log: Logger(label: "test"))
      defer { server.stop() }
      let client = try Client(path)
      client.say(Array("LEASE 1 run-1 restarts\n".utf8))
      #expect(try await client.response() == "OK restarts\n")
      #expect(server.reports().map(\.restarts) == [nil])
      for count in [0, 3, Int.max] {
        client.say(Array("RESTARTS \(count)\n".utf8))
        try await eventually("\(count) restarts") {
          server.reports().map(\.restarts) == [count]
        }
      }
      #expect(server.reports().map(\.holder.run) == ["run-1"])
      client.say(Array("RESTARTS -1\n".utf8))
      #expect(try await client.response() == "")
      try await eventually("none") { server.reports().isEmpty }
      // A client without a lease can't report restarts.
      let other = try Client(path)
      other.say(Array("RESTARTS 5\n".utf8))
      #expect(try await other.response() == "NO\n")
      #expect(server.reports().isEmpty)
    }
  }

  @Test("accept the figures of pods, and report each launch and each outcome once")
  func figures() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path + "/lease.sock"
      let reports = Reports()
      let server = try LeaseServer(
        path: path, limits: .patient(), log: Logger(label: "test")
      ) { reports.add($0) }
      defer { server.stop() }
      let client = try Client(path)
      client.say(Array((LeaseProtocol.request(run: "run-1") + "\n").utf8))
      #expect(try await client.response() == "OK restarts figures\n")
      var web = LeaseFigures(task: "web 1")
      web.services = [.running: 2]
      web.launchSeconds = 1.5
      web.isNewlyLaunched = true
      client.say(Array((web.line + "\nFIGURES running=1 later=x task=db\n").utf8))
      try await eventually("both") { server.reports().first?.figures.count == 2 }
      let known = try #require(server.reports().first)
      #expect(known.figures["web 1"] == web)
      #expect(known.figures["db"]?.services == [.running: 1])
      web.isNewlyLaunched = false
      web.outcome = .failed
      client.say(Array((web.line + "\n").utf8))
      try await eventually("one pod less") { server.reports().first?.figures.count == 1 }
      try await eventually("three reports") {
        reports.words == ["held run-1", "launched run-1 1.5", "pod of run-1 failed"]
      }
      // The server closes the connection at an invalid line.
      client.say(Array("FIGURES running=-1 task=db\n".utf8))
      #expect(try await client.response() == "")
      try await eventually("none") { server.reports().isEmpty }
    }
  }

  @Test("keep the figures of a bounded number of pods")
  func manyPods() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path + "/lease.sock"
      let server = try LeaseServer(path: path, limits: .patient(), log: Logger(label: "test"))
      defer { server.stop() }
      let client = try Client(path)
      client.say(Array((LeaseProtocol.request(run: "run-1") + "\n").utf8))
      #expect(try await client.response() == "OK restarts figures\n")
      let most = LeaseServer.Limits().pods
      for number in 0..<(most + 8) {
        client.say(Array((LeaseFigures(task: "task \(number)").line + "\n").utf8))
      }
      client.say(Array("RESTARTS 7\n".utf8))
      try await eventually("the last line") { server.reports().first?.restarts == 7 }
      #expect(server.reports().first?.figures.count == most)
    }
  }

  @Test("are lost by a holder that floods the server, and other clients are still served")
  func flood() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path + "/lease.sock"
      let server = try LeaseServer(path: path, limits: .patient(), log: Logger(label: "test"))
      defer { server.stop() }
      let script = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        s.sendall(b"LEASE 1 run-1 restarts\\n"); s.recv(64); print("held", flush=True)
        try:
            while True: s.sendall(b"RESTARTS 1\\n" * 10000)
        except OSError: print("dropped", flush=True)
        """
      let holder = try Command("/usr/bin/python3", ["-c", script, path]).start()
      defer { holder.send(SIGKILL) }
      _ = try await holder.line(containing: "held")
      let client = try Client(path)
      client.say(Array("LEASE 1 run-2\n".utf8))
      #expect(try await client.response() == "OK\n")
      _ = try await holder.line(containing: "dropped")
    }
  }

  @Test("belong to the process that the kernel reports, which can release them")
  func held() async throws {
    try await withServer { path, reports in
      let client = try Client(path)
      client.say(Array("LEASE 1 run-1\n".utf8))
      #expect(try await client.response() == "OK\n")
      client.say(Array("RELEASE\n".utf8))
      #expect(try await client.response() == "")
      try await eventually("two reports") { reports.words == ["held run-1", "released run-1"] }
      guard case .held(let holder) = reports.all[0] else { return }
      #expect(holder.pid == getpid())
      #expect(holder.startTime == Incarnation.startTime(of: getpid()))
      #expect(!holder.cgroups.contains("/"))
    }
  }

  @Test("are dropped, but not as exited, if the connection closes while the process is alive")
  func broken() async throws {
    try await withServer { path, reports in
      do {
        let client = try Client(path)
        client.say(Array("LEASE 1 run-1\n".utf8))
        #expect(try await client.response() == "OK\n")
      }
      try await eventually("the drop") { reports.words == ["held run-1", "dropped run-1"] }
    }
  }

  @Test("of a killed holder are dropped at once, as exited")
  func killed() async throws {
    try await withServer { path, reports in
      let script = """
        import socket, sys, time
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        s.sendall(b"LEASE 1 run-1\\n"); print(s.recv(9).decode(), end="", flush=True)
        s.recv(9)
        """
      let holder = try Command("/usr/bin/python3", ["-c", script, path]).start()
      try await eventually("the lease") { reports.words == ["held run-1"] }
      holder.send(SIGKILL)
      try await eventually("the drop") { reports.words == ["held run-1", "dropped run-1 ended"] }
      try await holder.exit()
    }
  }

  @Test(
    "of a killed holder are dropped as exited even if a child keeps the connection open")
  func inherited() async throws {
    try await withServer { path, reports in
      let script = """
        import os, signal, socket, sys
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        s.sendall(b"LEASE 1 run-1\\n"); s.recv(9)
        child = os.fork()
        if child == 0:
            print("child", os.getpid(), flush=True)
        while True: signal.pause()
        """
      let holder = try Command("/usr/bin/python3", ["-c", script, path]).start()
      let words = try await holder.line(containing: "child ").split(separator: " ")
      let child = try #require(pid_t(words[1]))
      defer { kill(child, SIGKILL) }
      holder.send(SIGKILL)
      try await eventually("the drop") { reports.words == ["held run-1", "dropped run-1 ended"] }
      #expect(kill(child, 0) == 0)
    }
  }

  @Test("of a holder that exits after its connection broke are reported as exited")
  func late() async throws {
    try await withServer { path, reports in
      let script = """
        import signal, socket, sys
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        s.sendall(b"LEASE 1 run-1\\n"); s.recv(9); s.close()
        signal.pause()
        """
      let holder = try Command("/usr/bin/python3", ["-c", script, path]).start()
      try await eventually("the drop") { reports.words == ["held run-1", "dropped run-1"] }
      holder.send(SIGKILL)
      try await eventually("the end") { reports.words.last == "ended run-1" }
      #expect(reports.words.count == 3)
    }
  }

  @Test(
    "are still held by an executor that reconnects before its old connection is reported as closed")
  func overlap() async throws {
    try await withTemporaryDirectory { directory in
      let settings = try ReaperSettings(
        options: [.runDirectory: directory.path, .stateDirectory: directory.path], environment: [:],
        file: directory.write("none.yaml", ""))
      let nobody = DockerEngine(
        endpoint: .unix(path: directory.path("nobody")), requestTimeout: .seconds(1))
      let reaper = Reaper(
        settings: settings, engine: nobody, dryRun: true, log: Logger(label: "test"))
      let peer = LeaseHolder(run: "run-1", pid: getpid(), startTime: 7, cgroups: [])
      for event in [LeaseEvent.held(peer), .held(peer), .dropped(peer, processEnded: false)] {
        let requestsPass = await reaper.handle(event)
        #expect(!requestsPass, "nothing is known of a pod of a process that lives")
      }
      #expect(await reaper.evidence.leases == [peer: 1])
      #expect(await reaper.handle(.dropped(peer, processEnded: true)))
      #expect(await reaper.evidence.leases.isEmpty)
    }
  }

  @Test(
    "are refused to a client that sends an invalid line, and other clients are still served",
    arguments: [
      "", "\n", "LEASE\n", "LEASE 1\n", "LEASE 2 run-1\n", "LEASE 1 a/b\n", "RELEASE\n",
      "GET / HTTP/1.1\r\n", "LEASE 1 run\u{1b}[31m\n", String(repeating: "x", count: 2000),
      "LEASE 1 " + String(repeating: "r", count: 300) + "\n",
    ])
  func refused(_ line: String) async throws {
    try await withServer { path, reports in
      let client = try Client(path)
      if line.isEmpty { shutdown(client.file, Int32(SHUT_WR)) }
      client.say(Array(line.utf8))
      let response = try await client.response()
      #expect(["", "NO\n"].contains(response))
      // The next client is served normally.
      let other = try Client(path)
      other.say(Array("LEASE 1 run-2\n".utf8))
      #expect(try await other.response() == "OK\n")
      try await eventually("the other lease") { reports.words == ["held run-2"] }
    }
  }

  @Test("are refused to a silent client by closing the connection")
  func silent() async throws {
    try await withServer(limits: LeaseServer.Limits()) { path, _ in
      let client = try Client(path)
      #expect(try await client.response() == "")
    }
  }

  @Test("are limited per user, and closing one permits a new one")
  func bounds() async throws {
    try await withServer(limits: .patient(perUser: 8)) { path, _ in
      var clients: [Client] = []
      for _ in 0..<8 {
        let client = try Client(path)
        client.say(Array("LEASE 1 run-1\n".utf8))
        #expect(try await client.response() == "OK\n")
        clients.append(client)
      }
      let late = try Client(path)
      #expect(try await late.response() == "")
      clients.removeLast()
      try await eventually("a place") {
        guard let next = try? Client(path) else { return false }
        next.say(Array("LEASE 1 run-1\n".utf8))
        return try await next.response() == "OK\n"
      }
    }
  }

  @Test("are rate-limited for a user who repeatedly takes leases, but not for other users")
  func churn() async throws {
    try await withServer(limits: .patient(perUser: 8, perSecond: 0.0001)) { path, _ in
      var taken = 0
      for _ in 0..<40 {
        let client = try Client(path)
        client.say(Array("LEASE 1 run-1\n".utf8))
        if try await client.response() == "OK\n" { taken += 1 }
      }
      #expect(taken == 16, "twice as many as he may hold at once, and the next in hours")
      let script = """
        import os, socket, sys
        os.setgid(65534), os.setuid(65534)
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        s.sendall(b"LEASE 1 run-2\\n"); print(s.recv(9).decode(), end="", flush=True)
        """
      chmod((path as NSString).deletingLastPathComponent, 0o711)
      #expect(try await Command("/usr/bin/python3", ["-c", script, path]).output() == "OK")
    }
  }
}
