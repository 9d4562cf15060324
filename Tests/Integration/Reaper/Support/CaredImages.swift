import DockerEngine
import Foundation
import Logging
import PodObjects
import Synchronization
import TestSupport
import Testing

@testable import Reaping

/// Images in a registry that are on no engine, each with its own ID, for a reaper with image care.
struct CaredImages: Sendable {
  let site: ReaperSite
  let registry: Registry
  /// The common state of the reaper and the executors.
  var state: ImageState { ImageState(path: site.directory.path("state")) }
  /// The environment of an executor.
  var environment: [String: String] { [ImageState.variable: state.path] }

  /// Calls `body` with directories in which pulls are recorded.
  static func with(
    on engine: TestEngine, _ body: (CaredImages) async throws -> Void
  ) async throws {
    try await withReaperSite(on: engine) { site in
      try await Registry.lend { registry in
        let images = CaredImages(site: site, registry: registry)
        for directory in [images.state.recordsDirectory, images.state.promisesDirectory] {
          try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        }
        try await body(images)
      }
    }
  }

  /// Runs a `docker` command line, and returns its output.
  @discardableResult
  func docker(_ arguments: String...) async throws -> String {
    var command = site.engine.docker()
    command.arguments = arguments
    return try await command.output().trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Puts an image with a unique ID into the registry, and returns its name.
  func image(_ name: String = "it") async throws -> String {
    let mark = UUID().uuidString.lowercased()
    let image = "\(registry.address)/care/\(name):\(mark.prefix(8))"
    let container = try await docker("create", "pod-test/busybox", "true")
    try await docker("commit", "--change", "LABEL mark=\(mark)", container, image)
    try await docker("rm", container)
    try await docker("push", "--quiet", image)
    try await docker("rmi", image)
    return image
  }

  /// A Compose file of a pod that uses images and exits.
  static func file(_ images: [String], command: String = "true", more: String = "") -> String {
    var lines = ["services:"]
    for (index, image) in images.enumerated() {
      lines += ["  s\(index):", "    image: \(image)", "    command: [sh, -c, \"\(command)\"]"]
      if !more.isEmpty { lines.append("    \(more)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Runs a pod that uses images until it exits.
  func use(_ images: [String], more: String = "") async throws {
    let end = try await podEnd(
      on: site.engine, Self.file(images, more: more), PodSettings(environment: environment))
    #expect(end.status == .exited(0), "\(end)")
  }

  func records() async throws -> ImageRecords {
    let engine = DockerEngine(endpoint: .unix(path: site.engine.socket))
    return try #require(ImageRecords(state, engine: try await engine.info().id))
  }

  /// Sets the last use of images to this number of days ago.
  func age(_ images: [String], days: Double) async throws {
    for record in try await records().list().records where images.contains(record.name) {
      ImageRecords.touch(record.path, at: Date().timeIntervalSince1970 - days * 86_400)
    }
  }

  func has(_ image: String) async throws -> Bool {
    try await site.engine.docker("image", "inspect", image).run().status == .exited(0)
  }

  func remove(_ images: [String]) async throws {
    for image in images { try await site.engine.docker("rmi", image).run() }
  }

  /// One pass of the image care, in this process.
  func care(
    keep: [String] = [], most: Int = 100, reclaims: inout Bool,
    disk: @escaping @Sendable () -> Int? = { nil },
    reached: @escaping @Sendable (ImageCare.Step) async -> Void = { _ in }
  ) async throws -> ImageCareReport {
    try await ImageCare(
      engine: DockerEngine(endpoint: .unix(path: site.engine.socket)),
      settings: ImageCareSettings(
        age: .seconds(7 * 86_400), high: 85, low: 80, most: most, keep: keep),
      records: try await records(), leases: ImageLeases(),
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      now: Date().timeIntervalSince1970, diskPercent: { disk() }, reached: reached
    ).run(&reclaims)
  }
}
