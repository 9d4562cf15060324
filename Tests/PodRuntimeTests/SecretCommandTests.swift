import Compose
import Foundation
import Linux
import TestSupport
import Testing
import YAML

@testable import PodRuntime

@Suite("The operator's secret-command")
struct SecretCommandTests {
  private static let task = SecretCommand.TaskDescription(
    id: "t", frameworkID: "f", executorID: "e", agentID: "a", user: "u", principal: "p",
    roles: ["r"])

  private func value(
    _ script: String, kind: FileMount.Kind = .secret, limit: Duration = .seconds(30)
  ) async throws -> [UInt8] {
    try await withTemporaryDirectory { directory in
      let path = try await directory.program("program", "#!/bin/sh\n\(script)\n")
      let position = SourcePosition(file: "compose.yaml", line: 3, column: 7)
      let key = ExternalValue(kind: kind, key: "s")
      let mount = ExternalMount(
        file: ExternalFile(value: key, uid: 0, gid: 0, mode: 0o444),
        source: FileMount.External(name: "prod/db", labels: ["a": "b"], position: position),
        target: "/run/secrets/s", position: position)
      var command = SecretCommand(path: path, task: Self.task)
      command.limit = limit
      return try await command.values(of: [mount, mount])[key] ?? []
    }
  }

  @Test(
    "receives the request on its input, and an environment of the executor",
    arguments: [FileMount.Kind.secret, .config])
  func input(kind: FileMount.Kind) async throws {
    setenv("SECRET_COMMAND_TEST", "visible", 1)
    let text = String(
      decoding: try await value(
        "cat; echo; env | cut -d= -f1 | sort | tr '\\n' ' '; pwd", kind: kind),
      as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(
      lines.first == """
        {"kind":"\(kind.rawValue)","labels":{"a":"b"},"name":"prod/db","task":\
        {"agent_id":"a","executor_id":"e","framework_id":"f","id":"t","principal":"p","roles":["r"],"user":"u"}}
        """)
    #expect(lines.last == "LANG PATH PWD /")
  }

  @Test("returns bytes unchanged, up to a limit, each value once")
  func bytes() async throws {
    #expect(try await value(#"printf 'a\0b\n\n'"#) == [0x61, 0, 0x62, 0x0a, 0x0a])
    let whole = try await value(
      "head -c 1048576 /dev/zero; echo x >> \"$0.calls\"; test $(wc -l < \"$0.calls\") = 1")
    #expect(whole.count == SecretCommand.mostBytes)
  }

  @Test(
    "that fails is reported in a line with the secret's location, without the value",
    arguments: [
      ("echo nothing here >&2; echo else >&2; exit 4", "refused the request: nothing here"),
      ("exit 4", "refused the request: exit code 4"),
      ("echo hidden; echo it was hidden >&2; exit 4", "refused the request: exit code 4"),
      ("true", "returned an empty value"),
      ("head -c 1048577 /dev/zero", "returned more than 1048576 bytes"),
      ("kill -9 $$", "was killed by signal 9"),
      ("sleep 600", "took longer than 1 s"),
    ], [FileMount.Kind.secret, .config])
  func refusals(fault: (script: String, words: String), kind: FileMount.Kind) async throws {
    let limit: Duration = fault.script == "sleep 600" ? .seconds(1) : .seconds(30)
    let error = await #expect(throws: DiagnosticError.self) {
      _ = try await value(fault.script, kind: kind, limit: limit)
    }
    let text = "\(error.map { "\($0)" } ?? "")"
    #expect(
      text.hasPrefix("compose.yaml:3:7: the \(kind.rawValue) `s` can't be fetched: "), "\(text)")
    #expect(text.hasSuffix(fault.words), "\(text)")
    #expect(!text.contains("hidden"))
  }

  @Test("excludes this process's memory from core dumps from then on")
  func dumps() async throws {
    _ = try await value("echo x")
    #expect(CoreDump.isForbidden)
  }
}
