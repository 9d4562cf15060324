import OrderedCollections
import YAML

/// What a document's `!reset` and `!override` tags do to the files before it (Compose specification,
/// "Merge and override").
struct MergeDirectives {
  /// None at all.
  static let none = MergeDirectives()

  private var paths: Set<[String]> = []

  private init() {}

  /// Takes the tags out of a tree: what is reset goes, what overrides stays.
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

  /// Takes out of a tree what the tags say.
  func apply(to tree: inout YAMLNode) {
    if !paths.isEmpty { apply(to: &tree, at: []) }
  }

  /// The same for a service that another extends.
  func apply(toService service: inout YAMLNode, named name: String) {
    if !paths.isEmpty { apply(to: &service, at: ["services", name]) }
  }

  /// The same for a resource that another file included.
  func apply(toResource resource: inout YAMLNode, named name: String, of kind: String) {
    if !paths.isEmpty { apply(to: &resource, at: [kind, name]) }
  }

  private func apply(to node: inout YAMLNode, at path: [String]) {
    node.removeAll { key, entry in
      guard paths.contains(path + [key]) else { return false }
      // What stands in a list of `NAME=value` has no path of its own.
      let isListed = path.count == 3 && entry.keyPosition == entry.value.position
      if isListed, case .pairs? = ServiceKeys.table[path[2]]?.shape { return false }
      return true
    }
    node.editEach { (key: String, value: inout YAMLNode) in apply(to: &value, at: path + [key]) }
  }
}
