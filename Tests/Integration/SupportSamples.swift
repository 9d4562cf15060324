import Foundation
import TestSupport
import Testing

/// A folder of deploy/samples, run with the images that `scripts/images` makes.
struct Sample: Sendable, CustomTestStringConvertible {
  let name: String
  /// How many host ports it publishes.
  var ports = 2

  /// What stands in for the public images that the files name.
  static let images = [
    "BUSYBOX_IMAGE": "pod-test/busybox", "REDIS_IMAGE": "founding/redis",
    "NGINX_IMAGE": "samples/nginx", "TERMINAL_IMAGE": "samples/shellinabox",
  ]

  static let founding = Sample(name: "founding")
  static let sidecars = Sample(name: "sidecars")
  static let job = Sample(name: "job", ports: 0)
  static let terminal = Sample(name: "terminal")
  static let all = [founding, sidecars, job, terminal]

  /// The top of the source tree.
  static let root = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../..").standardizedFileURL.path

  var testDescription: String { name }

  /// Where it lies.
  var path: String { "\(Self.root)/deploy/samples/\(name)" }

  /// One of its files.
  func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
  }

  /// A file of deploy/.
  static func deployed(_ file: String) throws -> String {
    try String(contentsOfFile: "\(root)/deploy/\(file)", encoding: .utf8)
  }

  /// What lies at a submission's addresses: tarballs of the release, as far as an executor needs it, and of the folder.
  func fetched(in folder: TemporaryFolder, executor: String) async throws -> [String: String] {
    let version = try String(contentsOfFile: "\(Self.root)/VERSION", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let release = "compose-executor-\(version)-linux-x86_64"
    try folder.write("release/\(release)/bin/unused", "")
    try await Command(
      "strip", ["-o", folder.path("release/\(release)/bin/compose-executor"), executor]
    ).output()
    var files: [String: String] = [:]
    for (name, above) in [
      (release, folder.path("release")), (name, "\(Self.root)/deploy/samples"),
    ] {
      let file = folder.path("\(name).tar.gz")
      try await Command("tar", ["-czf", file, "-C", above, name]).output()
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
    settings.shell = "cp -Rn \(path)/. .; exec \"$@\""
    try await withPod(
      on: engine, settings.files["compose.yaml"] ?? text("compose.yaml"), settings,
      sourceLocation: sourceLocation, body)
  }
}
