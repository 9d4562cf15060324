import OrderedCollections
import YAML

/// Reads the typed project from a normalized tree.
struct ProjectReader {
  let tree: YAMLNode
  let naming: ProjectName
  let directory: String
  let files: [String]
  let isLegacy: Bool
  let environment: InterpolationEnvironment

  /// The project; its canonical tree is the tree that it was read from.
  func project() -> Project {
    var faults: [DiagnosticError] = []
    let containers = ContainerNames(services: tree["services"])
    var services: OrderedDictionary<String, Service> = [:]
    for (name, entry) in tree["services"]?.mapping ?? [:] {
      do throws(DiagnosticError) {
        services[name] = try ServiceReader(
          name: name, node: entry.value, position: entry.keyPosition, containers: containers,
          files: FileMountReader(tree: tree, environment: environment)
        ).service()
      } catch {
        faults.append(error)
        services[name] = Service(name: name, position: entry.keyPosition)
      }
    }
    var networks: OrderedDictionary<String, Network> = [:]
    for (key, entry) in tree["networks"]?.mapping ?? [:] { networks[key] = network(key, entry) }
    var volumes: OrderedDictionary<String, Volume> = [:]
    for (key, entry) in tree["volumes"]?.mapping ?? [:] { volumes[key] = volume(key, entry) }
    var project = Project(
      name: naming.name, isNameExplicit: naming.isExplicit, workingDirectory: directory,
      files: files, isLegacy: isLegacy, services: services, networks: networks, volumes: volumes,
      warnings: [], canonical: tree)
    setPlatforms(of: &project)
    project.faults += faults
    (project.unhonoured, project.unclassified) = UnsupportedKeys.keys(of: tree)
    return project
  }

  /// Sets the default platform of services, as `up` of Docker Compose does; `config` doesn't print
  /// it.
  private func setPlatforms(of project: inout Project) {
    guard let platform = environment["DOCKER_DEFAULT_PLATFORM"], !platform.isEmpty else { return }
    project.services = project.services.mapValues { service in
      var service = service
      if service.isolation.platform == nil { service.isolation.platform = platform }
      for index in service.preStart.indices where service.preStart[index].isolation.platform == nil
      {
        service.preStart[index].isolation.platform = platform
      }
      return service
    }
    for (name, entry) in tree["services"]?.mapping ?? [:] {
      guard entry.value["platform"]?.string?.isEmpty != false,
        let platforms = entry.value["build"]?["platforms"], !platforms.strings.isEmpty,
        !platforms.strings.contains(platform)
      else { continue }
      project.faults.append(
        DiagnosticError(
          "`build.platforms` of `\(name)` doesn't have \(platform), which DOCKER_DEFAULT_PLATFORM selects",
          at: platforms.position))
    }
  }

  private func network(
    _ key: String, _ entry: YAMLNode.Entry
  ) -> Network {
    let node = entry.value
    let isImplied = node.isNull && tree["networks"]?.position == entry.keyPosition
    var network = Network(key: key, position: isImplied ? nil : entry.keyPosition)
    network.locations = node.locations
    network.name = node.located("name")
    network.isExternal = node["external"]?.boolean ?? false
    network.driver = node["driver"]?.string
    network.driverOptions = node["driver_opts"].pairs
    network.isInternal = node["internal"]?.boolean ?? false
    network.isAttachable = node["attachable"]?.boolean ?? false
    network.enableIPv4 = node["enable_ipv4"]?.boolean
    network.enableIPv6 = node["enable_ipv6"]?.boolean
    network.labels = node["labels"].pairs
    if let ipam = node["ipam"] {
      let pools = (ipam["config"]?.sequence ?? []).map { pool in
        IPAM.Pool(
          subnet: pool["subnet"]?.string, ipRange: pool["ip_range"]?.string,
          gateway: pool["gateway"]?.string, auxAddresses: pool["aux_addresses"].pairs)
      }
      network.ipam = IPAM(
        driver: ipam["driver"]?.string, pools: pools, options: ipam["options"].pairs)
    }
    return network
  }

  private func volume(
    _ key: String, _ entry: YAMLNode.Entry
  ) -> Volume {
    let node = entry.value
    var volume = Volume(key: key, position: entry.keyPosition)
    volume.locations = node.locations
    volume.name = node.located("name")
    volume.isExternal = node["external"]?.boolean ?? false
    volume.driver = node["driver"]?.string
    volume.driverOptions = node["driver_opts"].pairs
    volume.labels = node["labels"].pairs
    return volume
  }
}

extension YAMLNode {
  /// A string under a key, with its position; nil if it is missing or empty.
  func located(_ key: String) -> Located<String>? {
    guard let node = self[key], let text = node.string, !text.isEmpty else { return nil }
    return Located(text, at: node.position)
  }

  /// The value at a path of keys: `deploy.resources.limits`.
  subscript(path path: String) -> YAMLNode? {
    var node: YAMLNode? = self
    for key in path.split(separator: ".") { node = node?[String(key)] }
    return node
  }
}

extension YAMLNode {
  /// The positions of the keys in this tree, by path; list items have their index as key.
  var locations: [String: SourcePosition] {
    var locations: [String: SourcePosition] = [:]
    record(under: "", depth: 4, in: &locations)
    return locations
  }

  private func record(under path: String, depth: Int, in locations: inout [String: SourcePosition])
  {
    guard depth > 0 else { return }
    for (key, entry) in mapping ?? [:] {
      locations[path + key] = entry.keyPosition
      entry.value.record(under: path + key + ".", depth: depth - 1, in: &locations)
    }
    for (index, item) in (sequence ?? []).enumerated() {
      locations["\(path)\(index)"] = item.position
      item.record(under: "\(path)\(index).", depth: depth - 1, in: &locations)
    }
  }
}

extension YAMLNode? {
  /// Names and their strings.
  var pairs: OrderedDictionary<String, String> {
    (self?.mapping ?? [:]).compactMapValues { $0.value.string }
  }

  /// The strings of a list, each with its position.
  var locatedStrings: [Located<String>] {
    (self?.sequence ?? []).compactMap { item in item.string.map { Located($0, at: item.position) } }
  }
}
