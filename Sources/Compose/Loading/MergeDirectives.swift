import OrderedCollections
import YAML

/// The effect of a document's `!reset` and `!override` tags on the files before it (Compose
/// specification, "Merge and override").
struct MergeDirectives {
  /// No directives.
  static let none = MergeDirectives()

  private var paths: Set<[String]> = []

  private init() {}

  /// Collects the tags of a tree. Nodes with `!reset` are removed, nodes with `!override` stay.
  init(takenFrom tree: inout YAMLNode) {
    take(from: &tree, at: [])
  }

  private mutating func take(from node: inout YAMLNode, at path: [String]) {
    for (key, entry) in node.mapping ?? [:] {
      if entry.value.directive != .none { paths.insert(path + [key]) }
    }
    node.removeAll { _, entry in entry.value.directive == .reset }
    if let items = node.sequence, items.contains(where: { $0.directive == .reset }) {
      node.content = .sequence(items.filter { $0.directive != .reset })
    }
    node.editEach { (key: String, value: inout YAMLNode) in
      if value.directive == .none { take(from: &value, at: path + [key]) }
    }
    node.editItems { (item: inout YAMLNode) in take(from: &item, at: path + ["[]"]) }
  }

  /// Removes the tagged paths from the tree of earlier files.
  func apply(to tree: inout YAMLNode) {
    if !paths.isEmpty { apply(to: &tree, at: []) }
  }

  /// Removes the tagged paths from a service that is extended.
  func apply(toService service: inout YAMLNode, named name: String) {
    if !paths.isEmpty { apply(to: &service, at: ["services", name]) }
  }

  /// Removes the tagged paths from a resource of an included file.
  func apply(toResource resource: inout YAMLNode, named name: String, of kind: String) {
    if !paths.isEmpty { apply(to: &resource, at: [kind, name]) }
  }

  private func apply(to node: inout YAMLNode, at path: [String]) {
    node.removeAll { key, entry in
      guard paths.contains(path + [key]) else { return false }
      // An item of a `NAME=value` list has no path of its own.
      let isListed = path.count == 3 && entry.keyPosition == entry.value.position
      if isListed, case .pairs? = ServiceKeys.table[path[2]]?.shape { return false }
      return true
    }
    node.editEach { (key: String, value: inout YAMLNode) in apply(to: &value, at: path + [key]) }
  }
}
