import Foundation
import TestSupport
import Testing

/// An engine for the rounds, and the stranger's objects on it.
struct StrangerWorld: Sendable {
  let own: OwnEngine
  let registry: Registry

  /// The prefix of the stranger's container names; a copy of a pod's container inherits its labels.
  static let prefix = "stranger"
  static let network = "stranger-network"
  private static let volume = "stranger-volume"
  private static let bases = ["pod-test/busybox", "founding/base"]
  /// Nothing listens there: an image of that name can't be pulled, and the refusal is immediate.
  private static let nowhere = "127.0.0.1:9/stranger"

  var engine: TestEngine { own.engine }

  /// The stranger's container, which uses all of the stranger's objects, so that no prune removes
  /// them.
  static let container = "stranger-container"

  /// Creates the stranger's objects.
  static func prepare(_ own: OwnEngine, _ registry: Registry) async throws -> StrangerWorld {
    let docker = own.engine.docker
    try await docker(["network", "create", network]).output()
    try await docker(["volume", "create", "--label", "stranger=yes", volume]).output()
    for (number, image) in bases.enumerated() {
      let name = number == 0 ? container : "\(container)-\(number)"
      try await docker([
        "run", "-d", "--restart", "always", "--name", name, "--network", network,
        "-v", "\(volume):/data", image, "sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait",
      ]).output()
    }
    return StrangerWorld(own: own, registry: registry)
  }

  /// Restores the names of the test images if the stranger has pruned them.
  func restoreImages(_ ids: [String: String]) async throws {
    for (name, id) in ids { try await engine.docker("tag", id, name).output() }
  }

  /// The IDs of the test images.
  func imageIDs() async throws -> [String: String] {
    var ids: [String: String] = [:]
    for name in Self.bases {
      ids[name] = try await engine.docker("image", "inspect", "-f", "{{.Id}}", name).output()
    }
    return ids
  }

  /// Creates a round's image.
  ///
  /// - Returns: its name.
  func makeImage(_ kind: StrangerPod.Image, mark: String) async throws -> String {
    switch kind {
    case .registry:
      return try await registry.image(on: engine)
    case .shared:
      let name = "\(Self.nowhere)/shared:\(mark)"
      try await engine.docker("tag", Self.bases[0], name).output()
      return name
    case .local:
      let name = "\(Self.nowhere)/local:\(mark)"
      try await engine.docker(
        "commit", "--pause=false", "--change", "LABEL round=\(mark)", Self.container, name
      ).output()
      return name
    }
  }

  /// The objects that must not change, whatever the rounds do.
  func belongings(images: [String: String]) async throws -> [String] {
    let containers = try await engine.docker(
      "ps", "-a", "--filter", "name=^\(Self.container)", "--no-trunc", "--format",
      "{{.ID}} {{.Names}} {{.Labels}} {{.Networks}}"
    ).output()
    let network = try await engine.docker(
      "network", "inspect", "-f", "{{.Id}} {{.Labels}}", Self.network
    ).output()
    let volume = try await engine.docker(
      "volume", "inspect", "-f", "{{.Name}} {{.CreatedAt}} {{.Labels}}", Self.volume
    ).output()
    for id in images.values { try await engine.docker("image", "inspect", id).output() }
    return containers.split(separator: "\n").map(String.init).sorted() + [network, volume]
  }

  /// The stranger's running containers, including copies.
  func running() async throws -> Set<String> {
    let names = try await engine.docker(
      "ps", "--filter", "name=^\(Self.prefix)", "--filter", "status=running", "--format",
      "{{.Names}}"
    ).output()
    return Set(names.split(separator: "\n").map(String.init))
  }

  /// Removes the copies of a round, with their images and container names.
  func removeCopies() async throws {
    let ids = try await engine.docker("ps", "-aq", "--filter", "name=^\(Self.prefix)-copy").output()
    for id in ids.split(separator: "\n") {
      try await engine.docker("rm", "-fv", String(id)).output()
    }
    let images = try await engine.docker(
      "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=stranger-copy*"
    ).output()
    for image in images.split(separator: "\n") {
      try await engine.docker("rmi", "-f", String(image)).run()
    }
  }
}

/// Every container, network and volume of an engine except the stranger's copies.
struct EngineInventory: Sendable, Equatable {
  var objects: Set<String>

  static func of(_ engine: TestEngine) async throws -> EngineInventory {
    async let containers = engine.docker(
      "ps", "-a", "--no-trunc", "--format", "container {{.ID}} {{.Names}} {{.State}}"
    ).output()
    async let networks = engine.docker(
      "network", "ls", "--filter", "type=custom", "--format", "network {{.ID}} {{.Name}}"
    ).output()
    async let volumes = engine.docker("volume", "ls", "--format", "volume {{.Name}}").output()
    let lines = try await (containers + "\n" + networks + "\n" + volumes)
      .split(separator: "\n").map(String.init)
    return EngineInventory(
      objects: Set(lines.filter { !$0.contains(" \(StrangerWorld.prefix)-") }))
  }

  /// Removes all of them.
  func remove(from engine: TestEngine) async throws {
    for kind in ["container", "network", "volume"] {
      for object in objects where object.hasPrefix(kind + " ") {
        let name = String(object.split(separator: " ")[1])
        let force = kind == "container" ? ["-fv"] : []
        try await engine.docker([kind, "rm"] + force + [name]).run()
      }
    }
  }
}
