import OrderedCollections
import YAML

extension Normalizer {
  /// Sets the resource's name: its key if it is external, else its key with the project's prefix.
  static func setName(of resource: inout YAMLNode, _ own: String, in project: String) {
    guard resource["name"] == nil else { return }
    let isExternal =
      resource["external"].map {
        $0.boolean ?? ($0.string.map { ["true", "1"].contains($0) } ?? false)
      }
      ?? false
    resource.set("name", text: isExternal ? own : "\(project)_\(own)")
  }

  /// Adds the defaults that Docker Compose adds to files without interpolation.
  func complete(raw tree: inout YAMLNode, name: String) {
    var usesDefault = false
    for kind in ["services", "jobs"] {
      tree.edit(kind) { (services: inout YAMLNode) in
        services.editEach { (_: String, service: inout YAMLNode) in
          guard service.mapping != nil else { return }
          usesDefault = joinDefault(&service) || usesDefault
          complete(raw: &service)
          imply(dependenciesOf: &service, isRaw: true)
          // Merging fails if a variable replaces a mapping or list; the hooks then stay as they
          // are.
          if kind == "services" { try? inherit(intoHooksOf: &service) }
        }
      }
    }
    if usesDefault, tree["networks"]?["default"] == nil {
      var networks = tree["networks"] ?? YAMLNode(mappingAt: tree.position)
      if networks.isNull { networks = YAMLNode(mappingAt: networks.position) }
      networks.set("default", YAMLNode(.null, at: networks.position))
      tree.set("networks", networks)
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
      tree.edit(kind) { (resources: inout YAMLNode) in
        resources.editEach { (own: String, resource: inout YAMLNode) in
          if resource.isNull { resource = YAMLNode(mappingAt: resource.position) }
          if resource.mapping != nil { Self.setName(of: &resource, own, in: name) }
        }
      }
    }
    tree.set("name", text: name)
  }

  private func complete(raw service: inout YAMLNode) {
    service.edit("build") { (build: inout YAMLNode) in
      guard build.mapping != nil else { return }
      setDockerfile(of: &build)
      build.edit("args") { (args: inout YAMLNode) in
        args.removeAll { _, entry in entry.value.isNull }
      }
    }
    spellOutPaths(of: &service)
  }
}

/// The use of a project's resources by its services.
enum Usage {
  /// The names that services use, by the resources' top-level key.
  static func inServices(of tree: YAMLNode) -> [String: Set<String>] {
    var used: [String: Set<String>] = [:]
    for key in ["networks", "volumes", "secrets", "configs", "models"] { used[key] = [] }
    for (_, entry) in tree["services"]?.mapping ?? [:] {
      let service = entry.value
      used["networks"]?.formUnion((service["networks"]?.mapping ?? [:]).keys)
      used["models"]?.formUnion((service["models"]?.mapping ?? [:]).keys)
      for mount in service["volumes"]?.sequence ?? [] where mount["type"]?.string == "volume" {
        if let source = mount["source"]?.string { used["volumes"]?.insert(source) }
      }
      for secret in (service["secrets"]?.sequence ?? [])
        + (service["build"]?["secrets"]?.sequence ?? [])
      {
        if let source = secret["source"]?.string { used["secrets"]?.insert(source) }
      }
      for config in service["configs"]?.sequence ?? [] {
        if let source = config["source"]?.string { used["configs"]?.insert(source) }
      }
    }
    return used
  }
}
