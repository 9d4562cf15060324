import OrderedCollections
import YAML

/// Adds default values as Docker Compose does: absolute paths, resolved variables, default networks
/// and implied dependencies (Compose specification, throughout).
struct Normalizer {
  let sources: SourceFiles
  let environment: InterpolationEnvironment
  /// False to normalize notation only and add nothing: `--no-normalize`.
  var isComplete = true

  /// Normalizes a merged canonical tree.
  func normalize(_ tree: inout YAMLNode) throws(DiagnosticError) {
    var usesDefault = false
    try tree.edit("services") { (services) throws(DiagnosticError) in
      try services.editEach { (_, service) throws(DiagnosticError) in
        try normalize(container: &service)
        guard isComplete else { return }
        usesDefault = joinDefault(&service) || usesDefault
        imply(dependenciesOf: &service)
        try inherit(intoHooksOf: &service)
      }
    }
    try tree.edit("jobs") { (jobs) throws(DiagnosticError) in
      try jobs.editEach { (_, job) throws(DiagnosticError) in
        try normalize(container: &job)
        guard isComplete else { return }
        _ = joinDefault(&job)
        imply(dependenciesOf: &job)
      }
    }
    if usesDefault, tree["networks"]?["default"] == nil {
      var networks = tree["networks"] ?? YAMLNode(mappingAt: tree.position)
      if networks.isNull { networks = YAMLNode(mappingAt: networks.position) }
      networks.set("default", YAMLNode(.null, at: networks.position))
      tree.set("networks", networks, at: tree.position(ofKey: "networks"))
    }
  }

  /// Normalizes the keys that services and jobs share.
  private func normalize(container service: inout YAMLNode) throws(DiagnosticError) {
    try service.edit("build") { (build) throws(DiagnosticError) in try normalize(build: &build) }
    if isComplete { spellOutPaths(of: &service) }
    spellOut(&service)
    try service.edit("environment") { (variables) throws(DiagnosticError) in
      try variables.editEach { (name, value) throws(DiagnosticError) in
        if value.isNull, let found = environment[name] {
          try environment.budget.take(found.utf8.count, .text, at: value.position)
          value.content = .string(found)
        }
      }
    }
    try service.edit("extra_hosts") { (hosts) throws(DiagnosticError) in
      hosts = try ExtraHosts.canonical(hosts)
    }
  }

  /// Normalizes the targets of mounts and the pull policy.
  func spellOutPaths(of service: inout YAMLNode) {
    service.edit("volumes") { (mounts: inout YAMLNode) in
      mounts.editItems { (mount: inout YAMLNode) in
        mount.edit("target") { (target: inout YAMLNode) in
          target.content = .string(Path.clean(target.string ?? ""))
        }
      }
    }
    service.edit("pull_policy") { (policy: inout YAMLNode) in
      if policy.string == "if_not_present" { policy.content = .string("missing") }
    }
  }

  /// Adds the default network if the service names no network; true if the service joins it.
  func joinDefault(_ service: inout YAMLNode) -> Bool {
    if service["network_mode"] != nil || service["provider"] != nil { return false }
    let networks = service["networks"]
    if let entries = networks?.mapping, !entries.isEmpty { return entries["default"] != nil }
    var joined = YAMLNode(mappingAt: networks?.position ?? service.position)
    joined.set("default", YAMLNode(.null, at: joined.position))
    service.set("networks", joined)
    return true
  }

  private func normalize(build: inout YAMLNode) throws(DiagnosticError) {
    if isComplete { try complete(build: &build) }
    try build.edit("extra_hosts") { (hosts) throws(DiagnosticError) in
      hosts = try ExtraHosts.canonical(hosts)
    }
  }

  private func complete(build: inout YAMLNode) throws(DiagnosticError) {
    setDockerfile(of: &build)
    try build.edit("args") { (args) throws(DiagnosticError) in
      args.removeAll { name, entry in entry.value.isNull && environment[name] == nil }
      try args.editEach { (name, value) throws(DiagnosticError) in
        if value.isNull, let found = environment[name] {
          try environment.budget.take(found.utf8.count, .text, at: value.position)
          value = YAMLNode(.string(found), at: value.position)
        }
      }
    }
  }

  func setDockerfile(of build: inout YAMLNode) {
    if build["dockerfile"] == nil, build["dockerfile_inline"] == nil {
      build.set("dockerfile", text: "Dockerfile")
    }
  }

  /// Normalizes values that keep their notation until the files are merged.
  private func spellOut(_ service: inout YAMLNode) {
    func texts(_ list: inout YAMLNode) {
      if list.sequence == nil { list = YAMLNode(.sequence([list]), at: list.position) }
      list.editItems { (item: inout YAMLNode) in
        if let text = item.scalarText { item.content = .string(text) }
      }
    }
    for key in ["expose", "group_add"] { service.edit(key) { texts(&$0) } }
    service.edit("build") { (build: inout YAMLNode) in
      build.edit("no_cache_filter") { texts(&$0) }
    }
    service.edit("provider") { (provider: inout YAMLNode) in
      provider.edit("options") { (options: inout YAMLNode) in
        options.removeAll { _, entry in entry.value.sequence?.isEmpty == true }
        options.editEach { (_: String, value: inout YAMLNode) in texts(&value) }
      }
    }
  }

  /// Merges each `pre_start` entry over the service's own keys, except the mounts.
  func inherit(intoHooksOf service: inout YAMLNode) throws(DiagnosticError) {
    guard service["pre_start"] != nil else { return }
    var container = YAMLNode(mappingAt: service.position)
    for key in ServiceKeys.container where key.name != "volumes" {
      guard let value = service[key.name] else { continue }
      container.set(key.name, value, at: service.position(ofKey: key.name))
    }
    let (nodes, text) = (container.count, container.textSize)
    try service.edit("pre_start") { (hooks) throws(DiagnosticError) in
      try hooks.editItems { (hook) throws(DiagnosticError) in
        let position = hook.position
        try environment.budget.take(nodes, .copies, at: position)
        try environment.budget.take(text, .text, at: position)
        hook = try Merge.service(container, with: hook)
        hook.position = position
      }
    }
  }

  /// Reads the `label_file` of all services and the `env_file` of the services in `names`; nil is
  /// all services.
  func resolveFiles(
    _ tree: inout YAMLNode, environmentOf names: Set<String>?,
    collecting faults: FaultCollector? = nil
  ) throws(DiagnosticError) {
    try tree.edit("services") { (services) throws(DiagnosticError) in
      try services.editEach { (name, service) throws(DiagnosticError) in
        do throws(DiagnosticError) {
          if names?.contains(name) != false { try resolveEnvironment(of: &service) }
          try resolveLabels(of: &service)
        } catch {
          try faults.report(error)
        }
      }
    }
  }

  /// Reads `env_file:` and merges `environment:` over it.
  private func resolveEnvironment(of service: inout YAMLNode) throws(DiagnosticError) {
    guard let files = service["env_file"]?.sequence else { return }
    let lookUp = environment
    let own = service["environment"] ?? YAMLNode(mappingAt: service.position)
    var variables: OrderedDictionary<String, String> = [:]
    var positions: [String: SourcePosition] = [:]
    for (name, entry) in own.mapping ?? [:] {
      variables[name] = entry.value.string
    }
    for file in files {
      guard let path = file["path"]?.string else { continue }
      let position = file["path"]?.position ?? file.position
      let format = file["format"]
      let isKnown = ["", ".env", "raw"].contains(format?.string ?? "")
      let isRequired = file["required"]?.boolean ?? true
      guard isKnown || (!isRequired && !Path.exists(path)) else {
        throw DiagnosticError(
          "`format` must be raw, not `\(format?.string ?? "")`", at: format?.position ?? position)
      }
      variables = try EnvFileReader.read(
        path, shown: sources.shown(path), isRequired: isRequired,
        within: environment, at: position, isRaw: format?.string == "raw", after: variables
      ) { name in lookUp[name] ?? own[name]?.string }
      for name in variables.keys where positions[name] == nil { positions[name] = position }
    }
    var merged = YAMLNode(mappingAt: own.position)
    merged.form = own.form
    for (name, value) in variables where own[name] == nil {
      merged.set(name, YAMLNode(.string(value), at: positions[name] ?? own.position))
    }
    for (name, entry) in own.mapping ?? [:] { merged.set(name, entry.value, at: entry.keyPosition) }
    service.remove("env_file")
    service.set("environment", merged)
  }

  /// Reads `label_file:` and merges `labels:` over it.
  private func resolveLabels(of service: inout YAMLNode) throws(DiagnosticError) {
    guard let files = service["label_file"]?.sequence else { return }
    var labels: OrderedDictionary<String, String> = [:]
    var positions: [String: SourcePosition] = [:]
    for file in files {
      guard let path = file.string else { continue }
      let known = labels
      let read = try EnvFileReader.read(
        path, shown: sources.shown(path), isRequired: true,
        within: environment, at: file.position
      ) { known[$0] }
      for (name, value) in read { (labels[name], positions[name]) = (value, file.position) }
    }
    let own = service["labels"] ?? YAMLNode(mappingAt: service.position)
    var merged = YAMLNode(mappingAt: own.position)
    for (name, value) in labels {
      merged.set(name, YAMLNode(.string(value), at: positions[name] ?? own.position))
    }
    for (name, entry) in own.mapping ?? [:] { merged.set(name, entry.value, at: entry.keyPosition) }
    if merged.mapping?.isEmpty == false { service.set("labels", merged) }
  }

  /// Adds the dependencies that `links`, shared namespaces and `volumes_from` imply.
  func imply(dependenciesOf service: inout YAMLNode, isRaw: Bool = false) {
    var dependencies = service["depends_on"] ?? YAMLNode(mappingAt: service.position)
    func imply(_ name: String, restart: Bool, at position: SourcePosition) {
      guard dependencies[name] == nil else { return }
      var dependency = DependsOn.started(at: position, restart: restart)
      if isRaw, !restart { dependency.set("restart", YAMLNode(.boolean(false), at: position)) }
      dependencies.set(name, dependency)
    }
    for link in service["links"]?.sequence ?? [] {
      guard let text = link.string else { continue }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      imply(parts.count == 2 ? String(parts[0]) : text, restart: true, at: link.position)
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
      guard let mode = service[key], let text = mode.string, text.hasPrefix("service:") else {
        continue
      }
      imply(String(text.dropFirst(8)), restart: true, at: mode.position)
    }
    for source in service["volumes_from"]?.sequence ?? [] {
      guard let text = source.string, !text.hasPrefix("container:") else { continue }
      imply(text.split(":").before, restart: false, at: source.position)
    }
    if dependencies.mapping?.isEmpty == false { service.set("depends_on", dependencies) }
  }

  /// The tree that `config` prints: with the project's name and the names of created objects, and
  /// without unused resources.
  ///
  /// - Parameters:
  ///   - tree: The normalized tree.
  ///   - name: The project's name.
  ///   - isComplete: True to add the names of created objects.
  /// - Returns: The tree to print.
  static func finished(_ tree: YAMLNode, name: String, isComplete: Bool = true) -> YAMLNode {
    var tree = tree
    tree.set("name", text: name)
    if tree["services"] == nil { tree.set("services", YAMLNode(mappingAt: tree.position)) }
    for (kind, used) in Usage.inServices(of: tree) {
      tree.edit(kind) { (node: inout YAMLNode) in
        node.removeAll { name, _ in !used.contains(name) }
        if kind == "models" { return }
        node.editEach { (own: String, value: inout YAMLNode) in
          if value.isNull { value = YAMLNode(mappingAt: value.position) }
          if isComplete { setName(of: &value, own, in: name) }
        }
      }
    }
    return tree
  }
}
