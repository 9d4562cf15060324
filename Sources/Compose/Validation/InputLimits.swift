import OrderedCollections
import YAML

/// The maximum size of a project, far above that of real files; each limit bounds time and memory
/// (docs/compose.md, "Input limits").
enum InputLimits {
  /// The maximum number of services, and of jobs.
  static let services = 10_000
  /// The maximum number of containers of all services.
  static let containers = 10_000
  /// The maximum number of variables in an env file.
  static let variables = InputBudget.Resource.variables.limit

  /// Throws for the first service or job that exceeds the limit.
  static func checkServices(of tree: YAMLNode) throws(DiagnosticError) {
    for kind in ["services", "jobs"] {
      guard let entries = tree[kind]?.mapping, entries.count > services else { continue }
      throw DiagnosticError(
        "more \(kind) than the maximum of \(services) in a project",
        at: entries.values[services].keyPosition)
    }
  }

  /// Throws at the scale of the service whose containers exceed the limit, together with those of
  /// the services before it.
  static func checkContainers(of tree: YAMLNode) throws(DiagnosticError) {
    var sum: Int64 = 0
    for (name, entry) in tree["services"]?.mapping ?? [:] {
      let number = entry.value["scale"] ?? entry.value["deploy"]?["replicas"]
      let count = max(0, number?.integer ?? 1)
      guard count <= containers, sum + count <= containers else {
        throw DiagnosticError(
          "with the service `\(name)` the project has more containers "
            + "than the maximum of \(containers)", at: number?.position ?? entry.keyPosition)
      }
      sum += count
    }
  }
}
