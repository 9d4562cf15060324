import OrderedCollections
import YAML

/// What a project may have at most, far above what any file has: each costs time and memory (docs/compose.md, "Input limits").
enum InputLimits {
  /// Services, and jobs.
  static let services = 10_000
  /// Containers of all services.
  static let containers = 10_000
  /// Variables of a file of variables.
  static let variables = InputBudget.Resource.variables.limit

  /// Throws for the first service, or job, that is one too many.
  static func checkServices(of tree: YAMLNode) throws(ComposeError) {
    for kind in ["services", "jobs"] {
      guard let entries = tree[kind]?.mapping, entries.count > services else { continue }
      throw ComposeError(
        "more than \(services) \(kind); a project can have no more",
        at: entries.values[services].keyPosition)
    }
  }

  /// Throws at the number of the service whose containers are too many, with those of the services before it.
  static func checkContainers(of tree: YAMLNode) throws(ComposeError) {
    var sum: Int64 = 0
    for (name, entry) in tree["services"]?.mapping ?? [:] {
      let number = entry.value["scale"] ?? entry.value["deploy"]?["replicas"]
      let count = max(0, number?.integer ?? 1)
      guard count <= containers, sum + count <= containers else {
        throw ComposeError(
          "with the service `\(name)` the project has more than \(containers) containers; "
            + "it can have no more", at: number?.position ?? entry.keyPosition)
      }
      sum += count
    }
  }
}
