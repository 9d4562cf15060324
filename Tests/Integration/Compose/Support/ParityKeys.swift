import Foundation
import OrderedCollections
import YAML

@testable import Compose

/// Keys of a Compose file, according to the tables that read it.
struct ParityKeys {
  /// Paths such as `services.*.ulimits.*.soft`.
  private(set) var paths: Set<String> = []

  /// Keys that a pod supports and that no Docker object shows: they have their own tests.
  static let invisible: Set<String> = [
    // The selection of services, and the origin of their images.
    "version", "name", "include", "services.*.profiles", "services.*.extends", "services.*.build",
    "services.*.pull_policy", "services.*.pull_refresh_after",
    // The times at which services start and stop, and their output.
    "services.*.depends_on", "services.*.attach", "services.*.pre_start", "services.*.post_start",
    "services.*.pre_stop", "services.*.deploy.restart_policy.delay",
    "services.*.deploy.restart_policy.window",
    // Swarm features are refused.
    "secrets.*.external", "secrets.*.driver", "secrets.*.template_driver", "configs.*.external",
    "configs.*.template_driver", "secrets.*.name", "secrets.*.labels", "configs.*.name",
    "configs.*.labels",
  ]

  /// Every key that a pod supports and that Docker shows.
  static let visible: Set<String> = {
    var keys = ParityKeys()
    keys.add(TopLevelKeys.table, under: "")
    return keys.paths.filter { path in
      !invisible.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[]") }
    }
  }()

  /// The keys that a file uses.
  init(usedBy file: String) throws {
    let bytes = Array(FileManager.default.contents(atPath: file) ?? Data())
    for document in try YAMLParser.documents(in: bytes, file: file) {
      collect(in: document.root, TopLevelKeys.table, under: "")
    }
  }

  private init() {}

  private mutating func add(_ table: ObjectSchema, under prefix: String) {
    for key in table.keys where key.isSupported {
      paths.insert(prefix + key.name)
      add(key.shape, under: prefix + key.name)
    }
  }

  private mutating func add(_ shape: SchemaType, under path: String) {
    switch shape {
    case .fields(let table): add(table, under: path + ".")
    case .names(let inner, _): add(inner, under: path + ".*")
    case .list(let inner): add(inner, under: path + "[]")
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner),
      .either(_, let inner):
      add(inner, under: path)
    default: break
    }
  }

  private mutating func collect(in node: YAMLNode, _ table: ObjectSchema, under prefix: String) {
    for (name, entry) in node.mapping ?? [:] {
      guard let key = table[name] else { continue }
      paths.insert(prefix + name)
      collect(in: entry.value, key.shape, under: prefix + name)
    }
  }

  private mutating func collect(in node: YAMLNode, _ shape: SchemaType, under path: String) {
    switch shape {
    case .fields(let table): collect(in: node, table, under: path + ".")
    case .names(let inner, _):
      for (_, entry) in node.mapping ?? [:] { collect(in: entry.value, inner, under: path + ".*") }
    case .list(let inner):
      for item in node.sequence ?? [] { collect(in: item, inner, under: path + "[]") }
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner),
      .either(_, let inner):
      collect(in: node, inner, under: path)
    default: break
    }
  }
}
