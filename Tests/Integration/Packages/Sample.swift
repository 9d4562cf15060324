import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A directory of deploy/samples, run with the images that `scripts/images` creates.
struct Sample: Sendable, CustomTestStringConvertible {
  let name: String
  /// The number of host ports that it publishes.
  var ports = 2
  /// The last line that it prints if it exits by itself; nil for a sample that runs until it is
  /// stopped.
  var lastLine: String?

  /// The replacements of the public images in the files.
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

  /// Its directory.
  var path: String { SourceTree.path("deploy/samples/\(name)") }

  /// One of its files.
  func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
  }

  /// A file of deploy/.
  static func deployed(_ file: String) throws -> String {
    try SourceTree.text("deploy/\(file)")
  }

  /// The file that removes the limits, if the engine's hierarchy lacks the controllers, as with
  /// cgroup v2 beside the host's v1; nil otherwise.
  func unlimited(on engine: TestEngine) async throws -> String? {
    let limits = try await engine.docker("info", "--format", "{{.CPUCfsQuota}} {{.MemoryLimit}}")
      .output()
    guard limits != "true true" else { return nil }
    let sum = try await Command(
      BuiltProgram.beside("compose-resources"), ["-f", "compose.yaml", "--format", "json"],
      directory: path
    ).output()
    let services = try JSON(parsing: Array(sum.utf8))["services"]?.array ?? []
    let lines = services.map {
      "  \($0["name"]?.string ?? "nameless"): {cpus: 0, mem_limit: 0}\n"
    }
    return "services:\n" + lines.joined()
  }

  /// The files at a submission's addresses: tarballs of the release, with the part that an executor
  /// needs, and of the directory.
  func fetched(
    in directory: TemporaryDirectory, executor: String, more: [String: String] = [:]
  ) async throws -> [String: String] {
    let version = try SourceTree.text("VERSION")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let release = "compose-executor-\(version)-linux-x86_64"
    try directory.write("release/\(release)/bin/unused", "")
    try await Command(
      "strip", ["-o", directory.path("release/\(release)/bin/compose-executor"), executor]
    ).output()
    try await Command("cp", ["-R", path, directory.path("release")]).output()
    for (file, text) in more { try directory.write("release/\(name)/\(file)", text) }
    var files: [String: String] = [:]
    for name in [release, name] {
      let file = directory.path("\(name).tar.gz")
      try await Command("tar", ["-czf", file, "-C", directory.path("release"), name]).output()
      files["https://files.example.org/\(name).tar.gz"] = file
    }
    return files
  }

  /// Runs a copy of it in a separate directory, where the settings' files replace the sample's.
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
