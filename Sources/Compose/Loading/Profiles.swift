import OrderedCollections

/// Which services are enabled (Compose specification, "Profiles").
struct Profiles {
  private let enabled: Set<String>

  /// The caller's profiles, else those of `COMPOSE_PROFILES`.
  init(_ options: LoadOptions, environment: InterpolationEnvironment) {
    if options.profiles.isEmpty {
      let named = (environment["COMPOSE_PROFILES"] ?? "").split(separator: ",")
      enabled = Set(
        named.map { part in
          let rest = part.drop { $0.isWhitespace }
          return String(rest.reversed().drop { $0.isWhitespace }.reversed())
        })
    } else {
      enabled = Set(options.profiles)
    }
  }

  /// Takes the services and jobs out that aren't enabled, and returns the services' names.
  func disable(in tree: inout YAMLNode) -> Set<String> {
    var disabled: Set<String> = []
    if enabled.contains("*") { return disabled }
    for kind in ["services", "jobs"] {
      tree.edit(kind) { (workloads: inout YAMLNode) in
        for (name, entry) in workloads.mapping ?? [:] {
          let profiles = entry.value["profiles"]?.strings ?? []
          guard !profiles.isEmpty, enabled.isDisjoint(with: profiles) else { continue }
          workloads.remove(name)
          if kind == "services" { disabled.insert(name) }
        }
      }
    }
    return disabled
  }
}
