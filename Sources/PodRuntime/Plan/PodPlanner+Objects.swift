import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// A network or a volume of a project.
protocol DeclaredObject {
  var key: String { get }
  var position: SourcePosition? { get }
  var name: Located<String>? { get }
  var isExternal: Bool { get }
}

extension Network: DeclaredObject {}
extension Volume: DeclaredObject {}

extension PodNames {
  /// The names of objects in Docker, by key.
  func inDocker(
    _ objects: OrderedDictionary<String, some DeclaredObject>
  ) -> [String: String] {
    objects.reduce(into: [:]) { result, entry in
      let name = entry.value.name?.value ?? entry.key
      result[entry.key] = entry.value.isExternal ? name : object(name)
    }
  }
}

extension PodPlanner {
  /// Plans only the networks that services use: Docker's default address pools suffice for about
  /// thirty networks on a host.
  func addNetworks(to plan: inout PodPlan) throws(DiagnosticError) {
    let used = project.services.values.flatMap(\.withPreStart).flatMap { $0.networks.keys }
    let (own, external) = objects(project.networks, used: Set(used), networkNames)
    plan.externalNetworks = external
    for network in own {
      let body = create(network)
      if let first = plan.networks.first(where: { $0.name == body.name }) {
        try network.checkIsSame(first, body)
        continue
      }
      plan.networkSources[body.name] = network
      plan.networks.append(body)
    }
  }

  /// Plans the volumes that services use.
  func addVolumes(to plan: inout PodPlan) throws(DiagnosticError) {
    let used = project.services.values.flatMap(\.withPreStart).flatMap(\.mounts)
      .compactMap { mount -> String? in
        if case .volume(let key) = mount.source { key } else { nil }
      }
    let (own, external) = objects(project.volumes, used: Set(used), volumeNames)
    plan.externalVolumes = external
    for volume in own {
      let body = create(volume)
      if let first = plan.volumes.first(where: { $0.name == body.name }) {
        try volume.checkIsSame(first, body)
        continue
      }
      plan.volumeSources[body.name ?? volume.key] = volume
      plan.volumes.append(body)
    }
  }

  /// The used objects, separated into those to create and those that must exist.
  private func objects<Object: DeclaredObject>(
    _ declared: OrderedDictionary<String, Object>, used: Set<String>, _ names: [String: String]
  ) -> (own: [Object], external: [Located<String>]) {
    let used = declared.values.filter { used.contains($0.key) }
    let own = used.filter { !$0.isExternal }
    let made = Set(own.compactMap { names[$0.key] })
    // With COMPOSE_PROJECT_NAME in its name, an external object can be one of the pod's own.
    let external = used.filter { $0.isExternal && !made.contains(names[$0.key] ?? "") }
    let start = SourcePosition(file: project.files.first ?? "-", line: 1, column: 1)
    return (own, external.map { $0.name ?? Located($0.key, at: $0.position ?? start) })
  }

  private func create(_ network: Network) -> NetworkCreate {
    var body = NetworkCreate(name: networkNames[network.key] ?? network.key)
    body.driver = network.driver
    body.internal = network.isInternal ? true : nil
    body.attachable = network.isAttachable ? true : nil
    body.enableIPv4 = network.enableIPv4
    body.enableIPv6 = network.enableIPv6
    if !network.driverOptions.isEmpty { body.options = Dictionary(network.driverOptions) }
    if let ipam = network.ipam {
      body.ipam = EngineIPAM(
        driver: ipam.driver,
        config: ipam.pools.map { pool in
          IPAMPool(
            subnet: pool.subnet, ipRange: pool.ipRange, gateway: pool.gateway,
            auxiliaryAddresses: pool.auxAddresses.isEmpty ? nil : Dictionary(pool.auxAddresses))
        },
        options: ipam.options.isEmpty ? nil : Dictionary(ipam.options))
    }
    body.labels = Dictionary(network.labels)
      .merging(identity.labels) { _, contract in contract }
      .merging([PodLabel.composeNetwork: network.key]) { _, contract in contract }
    return body
  }

  private func create(_ volume: Volume) -> VolumeCreate {
    var body = VolumeCreate(name: volumeNames[volume.key] ?? volume.key)
    body.driver = volume.driver
    if !volume.driverOptions.isEmpty { body.driverOpts = Dictionary(volume.driverOptions) }
    body.labels = Dictionary(volume.labels)
      .merging(identity.labels) { _, contract in contract }
      .merging([PodLabel.composeVolume: volume.key]) { _, contract in contract }
    if request.options.keepsVolumes { body.labels?[PodLabel.keep] = "true" }
    return body
  }
}

extension Dictionary {
  /// The entries without their order.
  init(_ ordered: OrderedDictionary<Key, Value>) {
    self.init(uniqueKeysWithValues: ordered.map { ($0.key, $0.value) })
  }
}
