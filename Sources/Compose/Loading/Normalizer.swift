import OrderedCollections

/// Fills in what the files leave to defaults, as Docker Compose does: paths made absolute, variables
/// resolved, networks joined, dependencies implied (Compose specification, throughout).
struct Normalizer {
  let paths: PathResolver
  let environment: InterpolationEnvironment

  /// Normalizes a merged canonical tree.
  mutating func normalize(_ tree: inout YAMLNode) throws(ComposeError) {
    var usesDefault = false
    try tree.edit("services") { (services) throws(ComposeError) in
      try services.editEach { (_, service) throws(ComposeError) in
        usesDefault = joinDefault(&service) || usesDefault
        try service.edit("build") { (build) throws(ComposeError) in try normalize(build: &build) }
        try service.edit("volumes") { (mounts) throws(ComposeError) in
          try mounts.editItems { (mount) throws(ComposeError) in try normalize(mount: &mount) }
        }
        service.edit("pull_policy") { (policy: inout YAMLNode) in
          if policy.string == "if_not_present" { policy.content = .string("missing") }
        }
        try resolveEnvironment(of: &service)
        imply(dependenciesOf: &service)
      }
    }
    if usesDefault, tree["networks"]?["default"] == nil {
      var networks = tree["networks"] ?? YAMLNode(mappingAt: tree.position)
      networks.set("default", YAMLNode(.null, at: networks.position))
      tree.set("networks", networks, at: tree.position(ofKey: "networks"))
    }
  }

  /// True if the service joins the default network.
  private func joinDefault(_ service: inout YAMLNode) -> Bool {
    if service["network_mode"] != nil { return false }
    let networks = service["networks"]
    if let entries = networks?.mapping, !entries.isEmpty { return entries["default"] != nil }
    var joined = YAMLNode(mappingAt: networks?.position ?? service.position)
    joined.set("default", YAMLNode(.null, at: joined.position))
    service.set("networks", joined)
    return true
  }

  private func normalize(build: inout YAMLNode) throws(ComposeError) {
    let context = build["context"] ?? YAMLNode(.string("."), at: build.position)
    let path = try paths.context(context.string ?? ".", at: context.position)
    build.set("context", YAMLNode(.string(path), at: context.position))
    if let dockerfile = build["dockerfile"], let name = dockerfile.string, !name.isEmpty {
      try paths.check(dockerfile: name, in: path, at: dockerfile.position)
    } else {
      build.set("dockerfile", text: "Dockerfile")
    }
    if let args = build["args"] {
      var resolved = YAMLNode(mappingAt: args.position)
      for (name, entry) in args.mapping ?? [:] {
        var value = entry.value
        if value.isNull {
          guard let found = environment[name] else { continue }
          value.content = .string(found)
        }
        resolved.set(name, value, at: entry.keyPosition)
      }
      build.set("args", resolved)
    }
  }

  private func normalize(mount: inout YAMLNode) throws(ComposeError) {
    try mount.edit("target") { (target) throws(ComposeError) in
      target.content = .string(Path.clean(target.string ?? ""))
    }
    guard mount["type"]?.string == "bind" else { return }
    try mount.edit("source") { (source) throws(ComposeError) in
      guard let text = source.string, !isOfWindows(text) else { return }
      source.content = .string(try paths.absolute(text, at: source.position))
    }
    mount.edit("bind") { (bind: inout YAMLNode) in
      if bind["create_host_path"] == nil {
        bind.set("create_host_path", YAMLNode(.boolean(true), at: bind.position))
      }
    }
  }

  private func isOfWindows(_ path: String) -> Bool {
    path.hasPrefix("\\\\") || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":/"))
      || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":\\"))
  }

  /// `env_file:` read, `environment:` laid over it, names without a value looked up.
  private func resolveEnvironment(of service: inout YAMLNode) throws(ComposeError) {
    var own = service["environment"] ?? YAMLNode(mappingAt: service.position)
    let lookUp = environment
    own.editEach { (name: String, value: inout YAMLNode) in
      if value.isNull, let found = lookUp[name] { value.content = .string(found) }
    }
    guard let files = service["env_file"]?.sequence else {
      if service["environment"] != nil { service.set("environment", own) }
      return
    }
    let environment = own
    var variables: OrderedDictionary<String, String> = [:]
    var positions: [String: SourcePosition] = [:]
    for file in files {
      guard let path = file["path"]?.string else { continue }
      let position = file["path"]?.position ?? file.position
      variables = try EnvFileReader.read(
        try paths.absolute(path, at: position), shown: paths.sources.shown(path),
        isRequired: file["required"]?.boolean ?? true, at: position, after: variables
      ) { name in lookUp[name] ?? environment[name]?.string }
      for name in variables.keys where positions[name] == nil { positions[name] = position }
    }
    var merged = YAMLNode(mappingAt: own.position)
    for (name, value) in variables {
      merged.set(name, YAMLNode(.string(value), at: positions[name] ?? own.position))
    }
    for (name, entry) in own.mapping ?? [:] { merged.set(name, entry.value, at: entry.keyPosition) }
    service.remove("env_file")
    service.set("environment", merged)
  }

  /// What links, shared namespaces and `volumes_from` imply.
  private func imply(dependenciesOf service: inout YAMLNode) {
    var dependencies = service["depends_on"] ?? YAMLNode(mappingAt: service.position)
    func imply(_ name: String, restart: Bool, at position: SourcePosition) {
      guard dependencies[name] == nil else { return }
      dependencies.set(name, DependsOn.started(at: position, restart: restart))
    }
    for link in service["links"]?.sequence ?? [] {
      guard let text = link.string else { continue }
      imply(text.split(":").before, restart: true, at: link.position)
    }
    for key in ["network_mode", "ipc", "pid"] {
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

  /// The tree that `config` prints: with the name, with names for networks and volumes, and without
  /// those that no service uses.
  static func finished(_ tree: YAMLNode, name: String) -> YAMLNode {
    var tree = tree
    tree.set("name", text: name)
    if tree["services"] == nil { tree.set("services", YAMLNode(mappingAt: tree.position)) }
    let services = (tree["services"]?.mapping ?? [:]).values.map(\.value)
    let networks = Set(services.flatMap { Array(($0["networks"]?.mapping ?? [:]).keys) })
    let mounts = services.flatMap { $0["volumes"]?.sequence ?? [] }
    let volumes = Set(
      mounts.filter { $0["type"]?.string == "volume" }.compactMap { $0["source"]?.string })
    for (key, used) in [("networks", networks), ("volumes", volumes)] {
      tree.edit(key) { (node: inout YAMLNode) in
        for unused in (node.mapping ?? [:]).keys where !used.contains(unused) {
          node.remove(unused)
        }
        node.editEach { (own: String, value: inout YAMLNode) in
          if value.isNull { value = YAMLNode(mappingAt: value.position) }
          guard value["name"] == nil else { return }
          value.set("name", text: value["external"]?.boolean == true ? own : "\(name)_\(own)")
        }
      }
    }
    return tree
  }
}
