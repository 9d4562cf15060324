import OrderedCollections
import YAML

/// Enables services by profile (Compose specification, "Profiles").
struct Profiles {
  /// Warnings about profiles with an empty name.
  private(set) var warnings: [Located<String>] = []
  private let enabled: Set<String>

  /// Uses the caller's profiles, else those of `COMPOSE_PROFILES`. Without either, the profile with
  /// the empty name is enabled, as in Docker Compose.
  init(_ options: LoadOptions, environment: InterpolationEnvironment) {
    guard options.profiles.isEmpty else {
      enabled = Set(options.profiles)
      return
    }
    let named = (environment["COMPOSE_PROFILES"] ?? "")
      .split(separator: ",", omittingEmptySubsequences: false)
    enabled = Set(
      named.map { part in
        let rest = part.drop { $0.isWhitespace }
        return String(rest.reversed().drop { $0.isWhitespace }.reversed())
      })
  }

  /// Removes the services and jobs that aren't enabled. Returns the removed services.
  mutating func disable(in tree: inout YAMLNode) -> [DisabledService] {
    var disabled: [DisabledService] = []
    for kind in ["services", "jobs"] {
      var names: Set<String> = []
      for (name, entry) in tree[kind]?.mapping ?? [:] {
        guard let list = entry.value["profiles"], !list.strings.isEmpty else { continue }
        warn(of: list, in: name)
        guard !enabled.contains("*"), enabled.isDisjoint(with: list.strings) else { continue }
        names.insert(name)
        if kind == "services" {
          disabled.append(
            DisabledService(name: name, profiles: list.strings, position: list.position))
        }
      }
      if names.isEmpty { continue }
      tree.edit(kind) { (workloads: inout YAMLNode) in
        workloads.removeAll { name, _ in names.contains(name) }
      }
    }
    return disabled
  }

  private mutating func warn(of list: YAMLNode, in name: String) {
    guard let empty = list.sequence?.first(where: { $0.string?.isEmpty == true }) else { return }
    let state = enabled.contains("") || enabled.contains("*") ? "enabled" : "not enabled"
    warnings.append(
      Located(
        "a profile of `\(name)` has an empty name; it is \(state): that depends on COMPOSE_PROFILES "
          + "being unset, empty or with an empty element", at: empty.position))
  }
}
