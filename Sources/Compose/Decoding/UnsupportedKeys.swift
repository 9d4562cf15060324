import OrderedCollections
import YAML

/// Finds the keys of a project that have no effect in a pod, and the keys without a class.
enum UnsupportedKeys {
  /// The keys, each at its first position: `deploy.mode`, `credential_spec`, `secrets.labels`.
  ///
  /// - Parameter tree: The project's tree.
  /// - Returns: The keys without effect in a pod, and the keys without a class.
  static func keys(
    of tree: YAMLNode
  ) -> (unhonoured: [Located<String>], unclassified: [Located<String>]) {
    var found = Search()
    for (_, entry) in tree["services"]?.mapping ?? [:] {
      found.collect(in: entry.value, ServiceKeys.table, path: "")
    }
    for kind in ["networks", "volumes", "secrets", "configs", "models"] {
      guard let key = TopLevelKeys.table[kind], let node = tree[kind] else { continue }
      found.collect(in: node, key.shape, path: kind + ".")
    }
    if let jobs = tree.mapping?["jobs"], jobs.value.mapping?.isEmpty == false {
      found.keys.append(Located("jobs", at: jobs.keyPosition))
    }
    return (found.keys, found.unclassified)
  }

  private struct Search {
    var keys: [Located<String>] = []
    var unclassified: [Located<String>] = []
    private var seen: Set<String> = []

    mutating func collect(in node: YAMLNode, _ table: ObjectSchema, path: String) {
      for (name, entry) in node.mapping ?? [:] {
        guard let key = table[name], !isEmpty(entry.value) else { continue }
        if key.keyClass == .never {
          unclassified.append(Located(path + name, at: entry.keyPosition))
        }
        if key.isSupported {
          collect(in: entry.value, key.shape, path: path + name + ".")
        } else if seen.insert(path + name).inserted {
          keys.append(Located(path + name, at: entry.keyPosition))
        }
      }
    }

    mutating func collect(in node: YAMLNode, _ shape: SchemaType, path: String) {
      switch shape.resolved {
      case .fields(let table): collect(in: node, table, path: path)
      case .either(_, let inner): collect(in: node, inner, path: path)
      case .list(let inner):
        for item in node.sequence ?? [] { collect(in: item, inner, path: path) }
      case .names(let inner, _):
        for (_, entry) in node.mapping ?? [:] { collect(in: entry.value, inner, path: path) }
      default: break
      }
    }

    private func isEmpty(_ node: YAMLNode) -> Bool {
      switch node.content {
      case .null, .boolean(false), .string(""): true
      case .sequence(let items): items.isEmpty
      case .mapping(let entries): entries.isEmpty
      default: false
      }
    }
  }
}
