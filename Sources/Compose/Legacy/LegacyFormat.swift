import OrderedCollections
import YAML

/// The format of Compose 1: no `services:`; each top-level key is a service. Its services are
/// converted to the modern format.
enum LegacyFormat {
  private static let modernTopLevel: Set = [
    "configs", "include", "jobs", "models", "name", "secrets",
  ]

  /// True for a file in this format: no `version`, no section of later formats, and at least one
  /// service.
  static func isUsed(by tree: YAMLNode) -> Bool {
    guard let entries = tree.mapping else { return false }
    if let version = entries["version"]?.value, version.mapping == nil { return false }
    for section in ["services", "networks", "volumes"] {
      guard let value = entries[section]?.value, !value.isNull else { continue }
      guard value.mapping?.isEmpty == true else { return false }
    }
    return entries.contains { name, entry in
      guard !name.hasPrefix("x-"), let service = entry.value.mapping else { return false }
      let isService = ["image", "build", "extends", "net", "dockerfile"].contains {
        let value = service[$0]?.value
        return value?.string != nil || value?["service"]?.string != nil
      }
      return isService || !(modernTopLevel.contains(name) || service.isEmpty)
    }
  }

  /// The file's services in the modern format.
  static func modern(_ services: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    var file = YAMLNode(mappingAt: services.position)
    var volumes = YAMLNode(mappingAt: services.position)
    var modern = YAMLNode(mappingAt: services.position)
    for (name, entry) in services.mapping ?? [:] {
      try check(entry, named: name)
      modern.set(name, service(entry.value), at: entry.keyPosition)
      for (key, position) in namedVolumes(of: entry.value) where volumes[key] == nil {
        volumes.set(key, volume(of: entry.value, at: position))
      }
    }
    file.set("services", modern)
    if volumes.mapping?.isEmpty == false { file.set("volumes", volumes) }
    return file
  }

  /// Throws if keys of a service contradict each other.
  private static func check(
    _ entry: YAMLNode.Entry, named name: String
  ) throws(DiagnosticError) {
    let service = entry.value
    let hasImage = service["image"] != nil
    if hasImage, let other = ["build", "dockerfile"].first(where: { service[$0] != nil }) {
      throw DiagnosticError(
        "the service `\(name)` has both `image` and `\(other)`: this format accepts only one of them",
        at: service.position(ofKey: other))
    }
    if !hasImage, service["build"] == nil {
      throw DiagnosticError(
        "the service `\(name)` has neither `image` nor `build`", at: entry.keyPosition)
    }
    if !hasImage, name.utf8.contains(where: { (65...90).contains($0) }) {
      throw DiagnosticError(
        "the name `\(name)` can't be part of an image's name: write it in lower case, or set `image`",
        at: entry.keyPosition)
    }
    try checkMounts(of: service)
  }

  private static func checkMounts(of service: YAMLNode) throws(DiagnosticError) {
    var targets: [String: SourcePosition] = [:]
    for item in service["volumes"]?.sequence ?? [] {
      let target = LegacyForms.inside(item) ?? ""
      if let first = targets[target] {
        throw DiagnosticError("`\(target)` is mounted twice; first at \(first)", at: item.position)
      }
      targets[target] = item.position
    }
  }

  private static func service(_ node: YAMLNode) -> YAMLNode {
    var service = YAMLNode(mappingAt: node.position)
    var logging = YAMLNode(mappingAt: node.position)
    var build = YAMLNode(mappingAt: node.position)
    service.set("network_mode", text: "bridge")
    for (key, entry) in node.mapping ?? [:] {
      let (value, position) = (entry.value, entry.keyPosition)
      switch key {
      case "net": service.set("network_mode", value, at: position)
      case "log_driver": logging.set("driver", value, at: position)
      case "log_opt": logging.set("options", value, at: position)
      case "build": build.set("context", value, at: position)
      case "dockerfile": build.set("dockerfile", value, at: position)
      case "volume_driver": continue
      case "pid" where value.isNull: continue
      default: service.set(key, value, at: position)
      }
    }
    if logging.mapping?.isEmpty == false { service.set("logging", logging) }
    if build.mapping?.isEmpty == false {
      service.set("build", build, at: node.position(ofKey: "build"))
    }
    return service
  }

  /// Makes the paths of a service absolute.
  static func resolvePaths(
    of service: inout YAMLNode, _ paths: PathResolver
  ) throws(DiagnosticError) {
    func resolve(_ node: inout YAMLNode) throws(DiagnosticError) {
      guard let text = node.string else { return }
      node.content = .string(try paths.absolute(text, at: node.position))
    }
    try service.edit("build") { (context) throws(DiagnosticError) in
      if !PathResolver.isRemote(context.string ?? "") { try resolve(&context) }
    }
    try service.edit("env_file") { (files) throws(DiagnosticError) in
      try files.editItems { (file) throws(DiagnosticError) in try resolve(&file) }
    }
    if service["volume_driver"] != nil { return }
    try service.edit("volumes") { (mounts) throws(DiagnosticError) in
      try mounts.editItems { (mount) throws(DiagnosticError) in
        let (source, rest) = (mount.string ?? "").split(":")
        guard let rest, source.hasPrefix(".") || source.hasPrefix("~") else { return }
        let path = try paths.absolute(source, at: mount.position)
        mount.content = .string("\(path):\(rest)")
      }
    }
  }

  /// A named volume with the `volume_driver` of its service.
  private static func volume(of service: YAMLNode, at position: SourcePosition) -> YAMLNode {
    guard let driver = service["volume_driver"] else { return YAMLNode(.null, at: position) }
    var volume = YAMLNode(mappingAt: position)
    volume.set("driver", driver, at: service.position(ofKey: "volume_driver"))
    return volume
  }

  /// The named volumes of a service; this format doesn't declare them.
  private static func namedVolumes(of service: YAMLNode) -> [(String, SourcePosition)] {
    (service["volumes"]?.sequence ?? []).compactMap { item in
      let (source, target) = (item.string ?? "").split(":")
      guard target != nil, let first = source.first, !"./~\\".contains(first), source.count > 1
      else { return nil }
      return (source, item.position)
    }
  }

  /// Converts `container:NAME` to `service:NAME` if it names a service, and marks other containers
  /// in `volumes_from`: this format has one notation for services and containers.
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

/// Services by name and by container name.
struct ContainerNames {
  private var services: Set<String> = []
  private var containers: [String: String] = [:]

  init(services node: YAMLNode?) {
    for (name, entry) in node?.mapping ?? [:] {
      services.insert(name)
      if let container = entry.value["container_name"]?.string { containers[container] = name }
    }
  }

  /// The service whose container has this name; with `orService` also the service of this name.
  func service(named name: String, orService: Bool) -> String? {
    if orService, services.contains(name) { return name }
    return containers[name]
  }
}
