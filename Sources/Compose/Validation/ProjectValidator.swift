import OrderedCollections
import YAML

/// Validates the relations between a project's parts: every reference has a target, and no service
/// waits for itself (Compose specification, throughout).
struct ProjectValidator {
  private let tree: YAMLNode
  private let services: OrderedDictionary<String, YAMLNode.Entry>
  private let disabled: Set<String>
  private let faults: FaultCollector?

  /// Takes a normalized tree without its disabled services, and the collector of errors; nil to
  /// throw the first error.
  init(_ tree: YAMLNode, disabled: Set<String>, collecting faults: FaultCollector? = nil) {
    self.tree = tree
    self.faults = faults
    self.disabled = disabled
    services = tree["services"]?.mapping ?? [:]
  }

  /// Throws the first error, unless errors are collected.
  func check() throws(DiagnosticError) {
    var containers: [String: String] = [:]
    for (name, entry) in services {
      let service = entry.value
      if service["image"]?.string?.isEmpty != false, service["build"] == nil,
        service["provider"] == nil, !faults.isBroken(key: entry.keyPosition)
      {
        try faults.report(
          DiagnosticError(
            "the service `\(name)` has neither `image` nor `build`", at: entry.keyPosition,
            from: [service["image"]]))
      }
      if let build = service["build"] { try checkBuild(build, of: service, name: name) }
      try checkReferences(of: service, name: name)
      try checkDependencies(of: service, name: name)
      try checkMounts(of: service)
      try faults.attempt { () throws(DiagnosticError) in try LimitChecks.check(service) }
      if !faults.isBroken(key: entry.keyPosition) { try checkDevelopment(of: service) }
      if let container = service["container_name"], let text = container.string, !text.isEmpty {
        if let other = containers[text] {
          try faults.report(
            DiagnosticError(
              "the services `\(other)` and `\(name)` have the same `container_name`",
              at: container.position))
        }
        containers[text] = name
      }
    }
    try checkSecrets()
    try checkJobs()
    try checkOrder()
  }

  private func checkOrder() throws(DiagnosticError) {
    let graph = DependencyGraph(
      services.mapValues { Array(($0.value["depends_on"]?.mapping ?? [:]).keys) })
    guard let circle = graph.circle else { return }
    let last = services[circle[circle.count - 2]]?.value["depends_on"]
    try faults.report(
      DiagnosticError(
        "the services depend on each other in a cycle: \(DiagnosticError.path(circle))",
        at: last?.position(ofKey: circle[circle.count - 1])))
  }

  private func checkBuild(
    _ build: YAMLNode, of service: YAMLNode, name: String
  ) throws(DiagnosticError) {
    if let inline = build["dockerfile_inline"], inline.string?.isEmpty == false,
      build["dockerfile"]?.string?.isEmpty == false
    {
      try faults.report(
        DiagnosticError(
          "`dockerfile` and `dockerfile_inline` are mutually exclusive", at: inline.position))
    }
    for (_, entry) in build["additional_contexts"]?.mapping ?? [:] {
      guard let text = entry.value.string, text.hasPrefix("service:") else { continue }
      let other = String(text.dropFirst(8))
      if services[other]?.value["build"] == nil, !disabled.contains(other) {
        try faults.report(
          DiagnosticError(
            "the service `\(name)` builds from the service `\(other)`, which doesn't exist or has no `build`",
            at: entry.value.position))
      }
    }
    let platforms = build["platforms"]?.strings ?? []
    if let platform = service["platform"], let text = platform.string, !text.isEmpty,
      !platforms.isEmpty, !platforms.contains(text)
    {
      try faults.report(
        DiagnosticError("`build.platforms` must contain `\(text)`", at: platform.position))
    }
    try refuseUnknown(build["secrets"], "secrets", name: name)
  }

  private func checkReferences(of service: YAMLNode, name: String) throws(DiagnosticError) {
    let networks = service["networks"]?.mapping ?? [:]
    if let mode = service["network_mode"], mode.string?.isEmpty == false, !networks.isEmpty {
      try faults.report(
        DiagnosticError("`network_mode` and `networks` are mutually exclusive", at: mode.position))
    }
    for (network, entry) in networks where !declares("networks", network) {
      try faults.report(
        DiagnosticError(
          "the service `\(name)` joins the network `\(network)`, which `networks:` doesn't declare",
          at: entry.keyPosition))
    }
    for (model, entry) in service["models"]?.mapping ?? [:]
    where !declares("models", model) {
      try faults.report(
        DiagnosticError(
          "the service `\(name)` uses the model `\(model)`, which `models:` doesn't declare",
          at: entry.keyPosition))
    }
    try refuseUnknown(service["secrets"], "secrets", name: name)
    try refuseUnknown(service["configs"], "configs", name: name)
  }

  /// True if a top-level mapping has this entry. A value that isn't a mapping has been reported
  /// already and counts as having every entry.
  private func declares(_ kind: String, _ name: String) -> Bool {
    guard let node = tree[kind] else { return false }
    if let entries = node.mapping { return entries[name] != nil }
    return faults != nil && !node.isNull
  }

  private func refuseUnknown(
    _ list: YAMLNode?, _ kind: String, name: String
  ) throws(DiagnosticError) {
    for item in list?.sequence ?? [] {
      let source = item["source"]?.string ?? ""
      if declares(kind, source) { continue }
      try faults.report(
        DiagnosticError(
          "the service `\(name)` uses `\(source)`, which `\(kind):` doesn't declare",
          at: item["source"]?.position ?? item.position))
    }
  }

  private func checkDependencies(of service: YAMLNode, name: String) throws(DiagnosticError) {
    for (other, entry) in service["depends_on"]?.mapping ?? [:] where services[other] == nil {
      let isDisabled = disabled.contains(other)
      if isDisabled, entry.value["required"]?.boolean == false { continue }
      try faults.report(
        DiagnosticError(
          "the service `\(name)` needs the service `\(other)`, which "
            + (isDisabled ? "no profile enables" : "doesn't exist"), at: entry.keyPosition))
    }
  }

  private func checkMounts(of service: YAMLNode) throws(DiagnosticError) {
    var targets: [String: SourcePosition] = [:]
    func add(
      _ target: String, at position: SourcePosition, from node: YAMLNode? = nil
    ) throws(DiagnosticError) {
      if let first = targets[target] {
        try faults.report(
          DiagnosticError(
            "`\(target)` is mounted twice; first at \(first)", at: position, from: [node]))
      }
      targets[target] = position
    }
    for item in service["tmpfs"]?.sequence ?? [] {
      try add((item.string ?? "").split(":").before, at: item.position)
    }
    for mount in service["volumes"]?.sequence ?? [] {
      if mount["type"]?.string == "volume", let source = mount["source"], let key = source.string,
        !key.isEmpty, !declares("volumes", key)
      {
        try faults.report(
          DiagnosticError(
            "the volume `\(key)` is mounted, but `volumes:` doesn't declare it; a path starts with `./` or `/`",
            at: source.position))
      }
      try add(mount["target"]?.string ?? "", at: mount.position, from: mount["target"])
    }
  }

  private func checkDevelopment(of service: YAMLNode) throws(DiagnosticError) {
    for rule in service["develop"]?["watch"]?.sequence ?? [] {
      let action = rule["action"]?.string ?? ""
      guard rule["target"]?.string?.isEmpty != false, action != "rebuild", action != "restart"
      else { continue }
      try faults.report(
        DiagnosticError("the action `\(action)` needs a `target`", at: rule.position))
    }
  }

  private func checkJobs() throws(DiagnosticError) {
    let jobs = tree["jobs"]?.mapping ?? [:]
    for (name, entry) in jobs {
      if services[name] != nil {
        try faults.report(
          DiagnosticError("`\(name)` is both a service and a job", at: entry.keyPosition))
      }
      for (other, dependency) in entry.value["depends_on"]?.mapping ?? [:]
      where services[other] == nil && jobs[other] == nil {
        try faults.report(
          DiagnosticError(
            "the job `\(name)` needs `\(other)`, which is neither a service nor a job",
            at: dependency.keyPosition))
      }
    }
  }

  private func checkSecrets() throws(DiagnosticError) {
    for (name, entry) in tree["secrets"]?.mapping ?? [:]
    where !faults.isBroken(key: entry.keyPosition) {
      let secret = entry.value
      guard secret["external"]?.boolean != true, secret["file"]?.string?.isEmpty != false,
        secret["environment"]?.string?.isEmpty != false
      else { continue }
      try faults.report(
        DiagnosticError(
          "the secret `\(name)` needs `file` or `environment`", at: entry.keyPosition,
          from: [secret["file"], secret["environment"]]))
    }
  }
}

/// Validates limits that two keys set, and the number of containers.
enum LimitChecks {
  /// Throws if the values of two keys differ.
  static func check(_ service: YAMLNode) throws(DiagnosticError) {
    let deploy = service["deploy"]
    if let scale = service["scale"], let replicas = deploy?["replicas"],
      scale.integer != replicas.integer
    {
      throw DiagnosticError(
        "`scale` and `deploy.replicas` differ: set only one", at: scale.position)
    }
    for count in [service["scale"], deploy?["replicas"]] {
      guard let count, (count.integer ?? 0) < 0 else { continue }
      throw DiagnosticError(
        "the number of containers can't be \(count.integer ?? 0)", at: count.position)
    }
    if let count = service["scale"] ?? deploy?["replicas"], (count.integer ?? 1) > 1,
      let name = service["container_name"], name.string?.isEmpty == false
    {
      throw DiagnosticError(
        "several containers can't have the same name `\(name.string ?? "")`", at: count.position)
    }
    for (own, kind, key) in [
      ("cpus", "limits", "cpus"), ("mem_limit", "limits", "memory"),
      ("pids_limit", "limits", "pids"),
      ("mem_reservation", "reservations", "memory"),
    ] {
      guard let node = service[own], !isZero(node), let other = deploy?["resources"]?[kind],
        other.mapping != nil, other[key] != node
      else { continue }
      throw DiagnosticError(
        "`\(own)` and `deploy.resources.\(kind).\(key)` differ: set only one of them",
        at: node.position)
    }
  }

  private static func isZero(_ node: YAMLNode) -> Bool {
    node.integer == 0 || node.string == "0" || node.content == .single(0)
  }
}
