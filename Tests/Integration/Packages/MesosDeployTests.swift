import AgentStandIn
import Foundation
import TestSupport
import Testing

/// The unmodified files of `deploy/`, read by stand-ins for Marathon and Aurora: the files that
/// they name are put at their addresses, and nothing else is changed.
@Suite("A framework's file in deploy/", .needsEngine, .throttled)
struct MesosDeployTests {
  static func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: SourceTree.path("deploy/\(name)"))))
  }

  /// The files at the addresses: the release's tarball, the founding example, and the script that
  /// starts an installed executor.
  private static func content(
    _ directory: TemporaryDirectory, executor: String
  ) async throws -> [String: String] {
    let release = try await release(in: directory, executor: executor)
    try await Command(
      "tar",
      [
        "-czf", directory.path("founding.tar.gz"), "-C", SourceTree.path("deploy/samples"),
        "founding",
      ]
    ).output()
    let script = String(decoding: try file("marathon/installed-executor"), as: UTF8.self)
    #expect(script.contains("exec /usr/local/bin/compose-executor "))
    try directory.write(
      "installed-executor",
      script.replacingOccurrences(of: "/usr/local/bin/compose-executor", with: executor))
    let names = ["\(release).tar.gz", "founding.tar.gz", "installed-executor"]
    return Dictionary(
      uniqueKeysWithValues: names.map { ("https://files.example.org/\($0)", directory.path($0)) })
  }

  /// Creates the release's tarball, with the part that an executor needs.
  ///
  /// - Returns: its name without `.tar.gz`.
  static func release(in directory: TemporaryDirectory, executor: String) async throws -> String {
    let version = try SourceTree.text("VERSION")
    let release =
      "compose-executor-\(version.trimmingCharacters(in: .whitespacesAndNewlines))-linux-x86_64"
    let programs = directory.path("release/\(release)/bin")
    try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
    try await Command("strip", ["-o", "\(programs)/compose-executor", executor]).output()
    try await Command(
      "tar",
      ["-czf", directory.path("\(release).tar.gz"), "-C", directory.path("release"), release]
    ).output()
    return release
  }

  /// RUNNING, a visit, a kill.
  private func expectLife(of pod: MesosPod, at port: Int) async throws {
    try await pod.running()
    #expect(try await page(at: port).contains("This page was seen "))
    pod.kill()
    try await pod.ended()
    #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
    #expect(try await pod.exited() == .exited(0))
  }

  /// The app that downloads its executor for every user, the other one for ordinary users.
  static let apps =
    MesosHost.both.map { ($0, "founding.json") } + MesosHost.ordinary.map { ($0, "installed.json") }

  @Test("runs under Marathon, as root and as an ordinary user", arguments: apps)
  func marathon(on host: MesosHost, name: String) async throws {
    let app = try MarathonApp(Self.file("marathon/\(name)"))
    let ports = try FreePorts.take(2)
    #expect(app.user == (name == "installed.json" ? "pods" : nil))
    var settings = MesosSettings()
    settings.fetched = { try await Self.content($0, executor: $1) }
    settings.make = { id, _ in try app.task(id: id, ports: ports) }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await pod.agent.update("TASK_RUNNING", of: pod.task, within: .seconds(180)) {
        $0.healthy == true
      }
      try await expectLife(of: pod, at: ports[0])
    }
  }

  @Test("runs under Aurora", arguments: MesosHost.both)
  func aurora(on host: MesosHost) async throws {
    let executor = try AuroraExecutor(
      Self.file("aurora/compose-executor.json"), name: "compose-executor")
    let ports = try FreePorts.take(2)
    var settings = MesosSettings()
    settings.fetched = { try await Self.content($0, executor: $1) }
    settings.make = { id, _ in
      executor.task(
        id: id, ports: ports, metadata: [("fileName", "founding/docker-compose.yml")],
        uris: [FetchURI("https://files.example.org/founding.tar.gz")])
    }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await expectLife(of: pod, at: ports[0])
    }
  }

  @Test("is refused by Marathon without a command, or with an unknown key")
  func refusals() throws {
    let text = String(decoding: try Self.file("marathon/founding.json"), as: UTF8.self)
    let silent = text.replacingOccurrences(of: "\"# no arguments\"", with: "\"\"")
    #expect(throws: MarathonApp.Refused.self) {
      _ = try MarathonApp(Array(silent.utf8)).task(id: "t", ports: [1, 2])
    }
    let odd = text.replacingOccurrences(of: "\"cpus\"", with: "\"cpu\"")
    #expect(throws: MarathonApp.Refused.self) { _ = try MarathonApp(Array(odd.utf8)) }
  }
}
