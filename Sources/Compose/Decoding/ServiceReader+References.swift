import OrderedCollections
import YAML

/// References to other services, and keys with a fixed set of values.
extension ServiceReader {
  func mode(_ key: String) throws(DiagnosticError) -> Located<NamespaceMode>? {
    guard let mode = node.located(key) else { return nil }
    let (kind, rest) = mode.value.split(":")
    let value: NamespaceMode
    switch (kind, rest) {
    case ("service", let name?), ("container", let name?):
      guard !name.isEmpty else {
        throw DiagnosticError("`\(key)` has no name after `\(kind):`", at: mode.position)
      }
      if kind == "service" {
        value = .service(name)
      } else if let service = containers.service(named: name, orService: false) {
        value = .service(service)
      } else {
        value = .container(name)
      }
    case ("host", nil): value = .host
    case ("none", nil) where key != "pid": value = .none
    default: value = .other(mode.value)
    }
    if value == .service(name) {
      throw DiagnosticError("the service `\(name)` can't join its own namespace", at: mode.position)
    }
    return Located(value, at: mode.position)
  }

  func links(_ key: String) throws(DiagnosticError) -> [Located<Link>] {
    var links: [Located<Link>] = []
    for link in node[key].locatedStrings {
      let (target, alias) = link.value.split(":")
      guard !target.isEmpty, alias?.isEmpty != true, alias?.contains(":") != true else {
        throw DiagnosticError(
          "`\(link.value)` is not a link; write `NAME` or `NAME:ALIAS`", at: link.position)
      }
      links.append(Located(Link(target: target, alias: alias ?? target), at: link.position))
    }
    return links
  }

  func volumesFrom() throws(DiagnosticError) -> [Located<VolumesFrom>] {
    var sources: [Located<VolumesFrom>] = []
    for entry in node["volumes_from"].locatedStrings {
      let isContainer = entry.value.hasPrefix("container:")
      let (name, mode) = (isContainer ? String(entry.value.dropFirst(10)) : entry.value).split(":")
      guard !name.isEmpty, mode == nil || mode == "ro" || mode == "rw" else {
        throw DiagnosticError(
          "`\(entry.value)` is not a source of volumes; write `SERVICE[:ro]` or `container:NAME[:ro]`",
          at: entry.position)
      }
      let own = isContainer ? containers.service(named: name, orService: false) : name
      if own == self.name {
        throw DiagnosticError(
          "the service `\(self.name)` can't mount volumes from itself", at: entry.position)
      }
      let source = VolumesFrom(
        source: own.map { .service($0) } ?? .container(name), readOnly: mode == "ro")
      sources.append(Located(source, at: entry.position))
    }
    return sources
  }

  func dependencies(
    modes: [Located<NamespaceMode>?], volumesFrom: [Located<VolumesFrom>]
  ) throws(DiagnosticError) -> OrderedDictionary<String, Dependency> {
    var dependencies: OrderedDictionary<String, Dependency> = [:]
    for (other, entry) in node["depends_on"]?.mapping ?? [:] {
      let word = entry.value["condition"]
      guard let condition = Dependency.Condition(rawValue: word?.string ?? "") else {
        throw DiagnosticError(
          "`condition` must be service_started, service_healthy or service_completed_successfully",
          at: word?.position ?? entry.keyPosition)
      }
      dependencies[other] = Dependency(
        position: entry.keyPosition, condition: condition,
        restart: entry.value["restart"]?.boolean ?? false,
        required: entry.value["required"]?.boolean ?? true)
    }
    for case let mode? in modes {
      guard case .service(let other) = mode.value, dependencies[other] == nil else { continue }
      dependencies[other] = Dependency(position: mode.position, restart: true)
    }
    for entry in volumesFrom {
      guard case .service(let other) = entry.value.source, dependencies[other] == nil else {
        continue
      }
      dependencies[other] = Dependency(position: entry.position)
    }
    return dependencies
  }

  func pullPolicy() throws(DiagnosticError) -> (Located<PullPolicy>?, age: Duration?) {
    guard let word = node.located("pull_policy") else { return (nil, nil) }
    let age: String?
    switch word.value {
    case "daily": age = "1d"
    case "weekly": age = "1w"
    case "refresh": age = node.located("pull_refresh_after")?.value ?? "0"
    case let text where text.hasPrefix("every_"): age = String(text.dropFirst("every_".count))
    default: age = nil
    }
    if let age {
      guard let duration = ComposeDuration.duration(age) else {
        throw DiagnosticError("`\(age)` is not a duration", at: word.position)
      }
      return (Located(.missing, at: word.position), duration)
    }
    // The former name of `missing`.
    if word.value == "if_not_present" { return (Located(.missing, at: word.position), nil) }
    guard let policy = PullPolicy(rawValue: word.value) else {
      throw DiagnosticError(
        "`pull_policy` must be always, missing, never, build, refresh, daily, weekly or every_ and "
          + "a duration", at: word.position)
    }
    return (Located(policy, at: word.position), nil)
  }

  func restart() throws(DiagnosticError) -> RestartPolicy {
    guard let word = node.located("restart") else { return .no }
    let (policy, count) = word.value.split(":")
    switch (policy, count) {
    case ("no", nil): return .no
    case ("always", nil): return .always
    case ("unless-stopped", nil): return .unlessStopped
    case ("on-failure", nil): return .onFailure(maximumRetries: nil)
    case ("on-failure", let text?):
      if let number = Int(text), number >= 0 {
        return .onFailure(maximumRetries: number == 0 ? nil : number)
      }
    default: break
    }
    throw DiagnosticError(
      "`restart` must be no, always, unless-stopped or on-failure[:N], not `\(word.value)`",
      at: word.position)
  }
}
