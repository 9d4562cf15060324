import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A folder of deploy/samples, run with the images that `scripts/images` makes.
struct Sample: Sendable, CustomTestStringConvertible {
  let name: String
  /// How many host ports it publishes.
  var ports = 2
  /// The last line that it prints where it ends by itself; nil for one that runs until it is stopped.
  var lastLine: String?

  /// What stands in for the public images that the files name.
  static let images = [
    "BUSYBOX_IMAGE": "pod-test/busybox", "REDIS_IMAGE": "founding/redis",
    "NGINX_IMAGE": "samples/nginx", "TERMINAL_IMAGE": "samples/shellinabox",
  ]

  static let founding = Sample(name: "founding")
  static let sidecars = Sample(name: "sidecars")
  static let job = Sample(name: "job", ports: 0, lastLine: "report | total 400")
  static let roles = Sample(
    name: "roles", ports: 0,
    lastLine: "upload | 5 lines of a pod that is TASK_FINISHED with exit code 0")
  static let terminal = Sample(name: "terminal")
  static let task = Sample(name: "task", ports: 1)
  static let all = [founding, sidecars, job, roles, task, terminal]

  var testDescription: String { name }

  /// Where it lies.
  var path: String { SourceTree.path("deploy/samples/\(name)") }

  /// One of its files.
  func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
  }

  /// A file of deploy/.
  static func deployed(_ file: String) throws -> String {
    try SourceTree.text("deploy/\(file)")
  }

  /// The file that takes the limits away, where the engine's hierarchy has no controllers for them, as one on cgroup v2 beside
  /// the host's v1; nil where it has.
  func unlimited(on engine: TestEngine) async throws -> String? {
    let limits = try await engine.docker("info", "--format", "{{.CPUCfsQuota}} {{.MemoryLimit}}")
      .output()
    guard limits != "true true" else { return nil }
    let sum = try await Command(
      BuiltProgram.beside("compose-resources"), ["-f", "compose.yaml", "--format", "json"],
      folder: path
    ).output()
    let services = try JSON(parsing: Array(sum.utf8))["services"]?.array ?? []
    let lines = services.map {
      "  \($0["name"]?.string ?? "nameless"): {cpus: 0, mem_limit: 0}\n"
    }
    return "services:\n" + lines.joined()
  }

  /// What lies at a submission's addresses: tarballs of the release, as far as an executor needs it, and of the folder.
  func fetched(
    in folder: TemporaryFolder, executor: String, more: [String: String] = [:]
  ) async throws -> [String: String] {
    let version = try SourceTree.text("VERSION")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let release = "compose-executor-\(version)-linux-x86_64"
    try folder.write("release/\(release)/bin/unused", "")
    try await Command(
      "strip", ["-o", folder.path("release/\(release)/bin/compose-executor"), executor]
    ).output()
    try await Command("cp", ["-R", path, folder.path("release")]).output()
    for (file, text) in more { try folder.write("release/\(name)/\(file)", text) }
    var files: [String: String] = [:]
    for name in [release, name] {
      let file = folder.path("\(name).tar.gz")
      try await Command("tar", ["-czf", file, "-C", folder.path("release"), name]).output()
      files["https://files.example.org/\(name).tar.gz"] = file
    }
    return files
  }

  /// Runs a copy of it in a folder of its own, where the settings' files take the place of the sample's.
  func run(
    on engine: TestEngine, _ settings: PodSettings = PodSettings(),
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (RunningPod) async throws -> Void
  ) async throws {
    var settings = settings
    settings.environment.merge(Self.images) { own, _ in own }
    if let file = try await unlimited(on: engine) {
      settings.files["unlimited.yaml"] = file
      if settings.options.isEmpty { settings.options = ["-f", "compose.yaml"] }
      settings.options += ["-f", "unlimited.yaml"]
    }
    settings.shell = "cp -Rn \(path)/. .; exec \"$@\""
    try await withPod(
      on: engine, settings.files["compose.yaml"] ?? text("compose.yaml"), settings,
      sourceLocation: sourceLocation, body)
  }
}
