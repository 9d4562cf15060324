import OrderedCollections

/// The format of Compose 1: no `services:`, each top-level key a service. It is carried over to the
/// modern form, as Compose 1.29 understood it.
enum LegacyFormat {
  /// Keys of a service that mean the same today.
  private static let kept: Set = [
    "cap_add", "cap_drop", "cgroup_parent", "command", "container_name", "cpu_quota", "cpu_shares",
    "cpuset",
    "devices", "dns", "dns_search", "domainname", "entrypoint", "env_file", "environment", "expose",
    "extends", "external_links", "extra_hosts", "hostname", "image", "ipc", "labels", "links",
    "mac_address", "mem_limit",
    "mem_swappiness", "memswap_limit", "pid", "ports", "privileged", "read_only", "restart",
    "security_opt",
    "shm_size", "stdin_open", "stop_signal", "tty", "ulimits", "user", "volumes", "volumes_from",
    "working_dir",
  ]
  private static let modernTopLevel: Set = [
    "configs", "include", "models", "name", "networks", "secrets", "services", "volumes",
  ]

  /// True if a file is written in that format.
  static func isUsed(by tree: YAMLNode) -> Bool {
    guard let entries = tree.mapping,
      entries["services"]?.value["image"]?.string != nil || entries["services"] == nil
    else { return false }
    if let version = entries["version"]?.value, version.mapping == nil {
      guard version == YAMLNode(.string("1"), at: version.position) || version.integer == 1 else {
        return false
      }
    }
    return entries.contains { name, entry in
      guard !name.hasPrefix("x-"), let service = entry.value.mapping else { return false }
      let isService = ["image", "build", "extends", "net", "dockerfile"].contains {
        service[$0] != nil
      }
      return isService || (!modernTopLevel.contains(name) && name != "version")
    }
  }

  /// The file in the modern form.
  static func modern(_ tree: YAMLNode) throws(ComposeError) -> YAMLNode {
    var services = YAMLNode(mappingAt: tree.position)
    var volumes = YAMLNode(mappingAt: tree.position)
    for (name, entry) in tree.mapping ?? [:] {
      if name.hasPrefix("x-") || (name == "version" && entry.value.mapping == nil) { continue }
      guard entry.value.mapping != nil else {
        throw ComposeError(
          "the service `\(name)` must be a mapping, not \(entry.value.kind)", at: entry.keyPosition)
      }
      services.set(name, try service(entry.value), at: entry.keyPosition)
      for (key, position) in namedVolumes(of: entry.value) where volumes[key] == nil {
        volumes.set(key, volume(of: entry.value, at: position))
      }
    }
    var file = YAMLNode(mappingAt: tree.position)
    file.set("services", services)
    if volumes.mapping?.isEmpty == false { file.set("volumes", volumes) }
    return file
  }

  private static func service(_ node: YAMLNode) throws(ComposeError) -> YAMLNode {
    var service = YAMLNode(mappingAt: node.position)
    var logging = YAMLNode(mappingAt: node.position)
    // What is extended has a network of its own already.
    if node["extends"] == nil { service.set("network_mode", text: "bridge") }
    for (key, entry) in node.mapping ?? [:] {
      let (value, position) = (entry.value, entry.keyPosition)
      switch key {
      case "net": service.set("network_mode", value, at: position)
      case "log_driver": logging.set("driver", value, at: position)
      case "log_opt": logging.set("options", value, at: position)
      case "build": service.set("build", try build(value, of: node), at: position)
      case "dockerfile":
        guard node["build"] != nil else {
          throw ComposeError("`dockerfile` stands without `build`", at: position)
        }
      case _ where kept.contains(key): service.set(key, value, at: position)
      case "volume_driver": continue
      case _ where ServiceKeys.table[key] != nil:
        throw ComposeError(
          "`\(key)` is not part of the format without `services:`; put the services under `services:`",
          at: position)
      default:
        throw ComposeError("a service has no key `\(key)`", at: position)
      }
    }
    if logging.mapping?.isEmpty == false { service.set("logging", logging) }
    return service
  }

  private static func build(
    _ value: YAMLNode, of service: YAMLNode
  ) throws(ComposeError) -> YAMLNode {
    guard value.string != nil else { throw ComposeError.wrongKind(value, "build", "a path") }
    var build = YAMLNode(mappingAt: value.position)
    build.set("context", value)
    if let dockerfile = service["dockerfile"] {
      build.set("dockerfile", dockerfile, at: service.position(ofKey: "dockerfile"))
    }
    return build
  }

  /// A volume, with the driver that its service names.
  private static func volume(of service: YAMLNode, at position: SourcePosition) -> YAMLNode {
    guard let driver = service["volume_driver"] else { return YAMLNode(.null, at: position) }
    var volume = YAMLNode(mappingAt: position)
    volume.set("driver", driver, at: service.position(ofKey: "volume_driver"))
    return volume
  }

  /// Volumes by name need no declaration in this format.
  private static func namedVolumes(of service: YAMLNode) -> [(String, SourcePosition)] {
    (service["volumes"]?.sequence ?? []).compactMap { item in
      guard let text = item.string else { return nil }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count > 1, let first = parts[0].first, !"./~\\".contains(first),
        parts[0].count > 1
      else { return nil }
      return (String(parts[0]), item.position)
    }
  }

  /// Finds the services behind `container:NAME` and the containers behind `volumes_from`, which this
  /// format doesn't tell apart.
  static func resolveNames(_ tree: inout YAMLNode) {
    let services = tree["services"]
    let names = ContainerNames(services: services)
    tree.edit("services") { (services: inout YAMLNode) in
      services.editEach { (_: String, service: inout YAMLNode) in
        for key in ["network_mode", "pid", "ipc"] {
          service.edit(key) { (mode: inout YAMLNode) in
            guard let text = mode.string, text.hasPrefix("container:") else { return }
            if let found = names.service(named: String(text.dropFirst(10)), orService: true) {
              mode.content = .string("service:" + found)
            }
          }
        }
        service.edit("volumes_from") { (list: inout YAMLNode) in
          list.editItems { (item: inout YAMLNode) in
            guard let text = item.string, !text.hasPrefix("container:") else { return }
            let (name, _) = text.split(":")
            if names.service(named: name, orService: true) == nil {
              item.content = .string("container:" + text)
            }
          }
        }
      }
    }
  }
}

/// Services by their names and by those of their containers.
struct ContainerNames {
  private var services: Set<String> = []
  private var containers: [String: String] = [:]

  init(services node: YAMLNode?) {
    for (name, entry) in node?.mapping ?? [:] {
      services.insert(name)
      if let container = entry.value["container_name"]?.string { containers[container] = name }
    }
  }

  /// The service whose container has that name, or that has it itself where `orService`.
  func service(named name: String, orService: Bool) -> String? {
    if orService, services.contains(name) { return name }
    return containers[name]
  }
}
