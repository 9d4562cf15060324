import Foundation
import PodIdentity
import PodRuntime
import TestSupport
import Testing

@testable import Executor
@testable import Program

@Suite("Sandboxes of pods that are gone")
struct SandboxTests {
  private func run(_ executor: String, _ run: String, framework: String = "fw-1") -> String {
    "slaves/agent-1/frameworks/\(framework)/executors/\(executor)/runs/\(run)"
  }

  private func make(_ directory: TemporaryDirectory, _ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: directory.path(path), withIntermediateDirectories: true)
  }

  @Test("are found by executor, run and task, and by a prefix of each")
  func search() async throws {
    try await withTemporaryDirectory { directory in
      try make(directory, run("marathon-web.1", "aaaa-1"))
      try make(directory, run("marathon-web.1", "aaab-2"))
      try make(directory, run("marathon-web.10", "cccc-3", framework: "fw-2"))
      try make(directory, run("other", "dddd-4"))
      try make(directory, "meta/\(run("other", "dddd-4"))/tasks/job-7")
      // The agent's link to the last run isn't a run.
      try FileManager.default.createSymbolicLink(
        atPath: directory.path(run("other", "latest")), withDestinationPath: "dddd-4")
      let old = directory.path(run("marathon-web.1", "aaaa-1"))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: old)
      let search = SandboxSearch(option: directory.path, environment: [:])
      func found(_ id: String, _ framework: String? = nil) -> [String] {
        search.find(id, framework: framework, within: .seconds(120)).sandboxes.map(\.run).sorted()
      }
      #expect(found("web.1") == ["aaab-2"])
      #expect(found("marathon-web.1") == ["aaab-2"])
      #expect(found("web.") == ["aaab-2", "cccc-3"])
      #expect(found("web.", "fw-2") == ["cccc-3"])
      #expect(found("aaaa") == ["aaaa-1"])
      #expect(found("aaa") == ["aaaa-1", "aaab-2"])
      #expect(found("job-7") == ["dddd-4"])
      #expect(found("job") == ["dddd-4"])
      #expect(found("nothing") == [])
      #expect(search.find("x", framework: nil, within: .zero).isCut)
      let identity = PodIdentity(
        frameworkID: "fw-1", executorID: "other", taskID: "job-7", run: "dddd-4",
        agentID: "agent-1", incarnation: Incarnation(bootID: nil, pid: nil, startTime: nil),
        host: HostIdentity(machineID: nil), cgroupParent: "")
      #expect(search.sandbox(of: identity) == directory.path(run("other", "dddd-4")))
      var elsewhere = identity
      elsewhere.executorID = "../other"
      #expect(search.sandbox(of: elsewhere) == nil)
    }
  }

  @Test("are searched in the option's directory, else the variable's, else the usual ones")
  func locations() {
    let variable = ["MESOS_WORK_DIR": "/b"]
    #expect(SandboxSearch(option: "/a", environment: variable).directories == ["/a"])
    #expect(SandboxSearch(option: nil, environment: variable).directories == ["/b"])
    #expect(SandboxSearch(option: nil, environment: [:]).directories == SandboxSearch.usual)
  }

  private func printed(
    _ path: String, _ services: [String] = [], tail: Int? = nil, format: LogStyle.Format = .text
  ) async throws -> String {
    var ends: [Int32] = [-1, -1]
    #expect(GNU.pipe2(&ends, O_CLOEXEC) == 0)
    let style = LogStyle(
      format: format,
      terminal: Terminal(isTerminal: false, reported: nil, mode: .never, environment: [:]))
    defer { close(ends[0]) }
    do {
      defer { close(ends[1]) }
      var log = try SandboxLog(path, services: services, style: style, tail: tail)
      try await log.print(to: OutputWriter(descriptor: ends[1]))
    }
    var text = [UInt8](repeating: 0, count: 60_000)
    let count = read(ends[0], &text, text.count)
    return String(decoding: text[..<max(0, count)], as: UTF8.self)
  }

  @Test("have the lines of services, from both files, by tail and as JSON")
  func lines() async throws {
    try await withTemporaryDirectory { directory in
      let stdout = """
        2026-11-29T12:00:00.000Z TASK_STARTING task t
        web | one
        db-1 | two | three
        web | four
        web -> | hook
        webby | no
        web | last
        """
      try directory.write("stdout", stdout)
      try directory.write("stderr", "web | problem\ncompose-executor: a message\n")
      #expect(
        try await printed(directory.path, ["web"]) == """
          web     | one
          web     | four
          web ->  | hook
          web     | last
          web     | problem

          """)
      #expect(
        try await printed(directory.path, ["web"], tail: 1) == "web     | last\nweb     | problem\n"
      )
      #expect(try await printed(directory.path, ["db"]) == "db-1  | two | three\n")
      let all = try await printed(directory.path)
      #expect(all.hasPrefix("2026-11-29T12:00:00.000Z TASK_STARTING task t\nweb     | one\n"))
      #expect(all.hasSuffix("compose-executor: a message\n"))
      #expect(
        try await printed(directory.path, tail: 1, format: .json) == """
          {"time":null,"service":"web","container":null,"stream":"stdout","line":"last"}
          {"time":null,"service":null,"container":null,"stream":"stderr","line":"compose-executor: a message"}

          """)
    }
  }

  @Test("by tail are read from the end, whatever the file's size", .timeLimit(.minutes(2)))
  func huge() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("stdout", "web | first\n")
      // The file has no lines and nearly no blocks. A tenant can create a file of any size.
      let path = directory.path("stdout")
      #expect(truncate(path, 1 << 40) == 0)
      let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
      try #require(file >= 0)
      defer { close(file) }
      let text = "\n" + (1...5000).map { "web | \($0)\ndb | \($0)\n" }.joined() + "web | last"
      #expect(write(file, text, text.utf8.count) == text.utf8.count)
      #expect(try await printed(directory.path, tail: 2) == "db   | 5000\nweb  | last\n")
      #expect(try await printed(directory.path, ["db"], tail: 1) == "db  | 5000\n")
      let lines = try await printed(directory.path, ["web"], tail: 4000).split(separator: "\n")
      #expect(lines.count == 4000)
      #expect(lines.first == "web  | 1002" && lines.last == "web  | last")
      #expect(try await printed(directory.path, tail: 0) == "")
    }
  }

  @Test("are read only in regular files of their own")
  func confinement() async throws {
    try await withTemporaryDirectory { directory in
      try make(directory, "sandbox")
      try directory.write("secret", "web | secret\n")
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("sandbox/stdout"), withDestinationPath: "../secret")
      #expect(mkfifo(directory.path("sandbox/stderr"), 0o600) == 0)
      let failure = await #expect(throws: SandboxLog.Failure.self) {
        _ = try await printed(directory.path("sandbox"))
      }
      #expect(failure?.description.contains("not a regular file") == true)
      await #expect(throws: SandboxLog.Failure.self) {
        _ = try await printed(directory.path("absent"))
      }
    }
  }
}
