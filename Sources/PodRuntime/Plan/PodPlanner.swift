import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// Works out what a pod will be in Docker. It does no I/O: what it gives depends on its arguments alone.
public struct PodPlanner: Sendable {
  let request: PodRequest
  let identity: PodIdentity
  let sharing: NamespaceSharing
  let ports: PortAssignment
  /// The project's networks and volumes by key, as Docker will know them.
  let networkNames: [String: String]
  let volumeNames: [String: String]

  /// The project as it is made: with an infrastructure container where namespaces are shared.
  let project: Project
  /// The infrastructure container's service; nil where there is none.
  let infra: String?
  private let sharingWarnings: [String]

  /// Makes the plan of a pod.
  ///
  /// - Parameters:
  ///   - request: the project and its task.
  ///   - identity: what marks the pod's objects.
  /// - Returns: the requests that make the pod.
  /// - Throws: `ComposeError` for what can't be run as a pod, with its place in the file.
  public static func plan(
    _ request: PodRequest, identity: PodIdentity
  ) throws(ComposeError) -> PodPlan {
    try PodPlanner(request, identity: identity).plan()
  }

  private init(_ request: PodRequest, identity: PodIdentity) throws(ComposeError) {
    self.request = request
    self.identity = identity
    let names = identity.names
    if let fault = request.project.faults.first { throw fault }
    try Self.checkNumber(of: request.project)
    try Self.refuseContractLabels(request.project)
    try BuildOrder(request.project.services.values).check()
    try request.project.checkOrder()
    let shared = try SharedNamespaces(request.project, options: request.options)
    infra = shared?.infra
    project = shared?.project ?? request.project
    sharingWarnings = shared?.warnings ?? []
    sharing = try NamespaceSharing(project: project, infra: infra)
    var ports = try PortAssignment(project: request.project, offered: request.offeredPorts)
    if let infra, request.options.sharedNetwork != nil { ports.move(to: infra) }
    self.ports = ports
    networkNames = request.project.networks.reduce(into: [:]) { result, entry in
      let name = entry.value.name?.value ?? entry.key
      result[entry.key] = entry.value.isExternal ? name : names.object(name)
    }
    volumeNames = request.project.volumes.reduce(into: [:]) { result, entry in
      let name = entry.value.name?.value ?? entry.key
      result[entry.key] = entry.value.isExternal ? name : names.object(name)
    }
  }

  private func plan() throws(ComposeError) -> PodPlan {
    if project.services.isEmpty { throw project.withoutServices }
    var plan = PodPlan(
      identity: identity, networks: [], volumes: [], externalNetworks: [], externalVolumes: [],
      containers: [], warnings: project.warnings.map { "\($0.position): \($0.value)" })
    if !project.unhonoured.isEmpty {
      let keys = project.unhonoured.map { "`\($0.value)` (\($0.position))" }
      plan.warnings.append("these mean nothing to a pod: \(keys.joined(separator: ", "))")
    }
    for network in project.networks.values where usedNetworks.contains(network.key) {
      if network.isExternal {
        // Named by COMPOSE_PROJECT_NAME it can be one of the pod's own.
        if ownNetworks.contains(networkNames[network.key] ?? "") { continue }
        plan.externalNetworks.append(located(network.name, network.key, network.position))
      } else {
        let body = create(network)
        if let first = plan.networks.first(where: { $0.name == body.name }) {
          try network.checkIsSame(first, body)
          continue
        }
        plan.networkSources[body.name] = network
        plan.networks.append(body)
      }
    }
    for volume in project.volumes.values where usedVolumes.contains(volume.key) {
      if volume.isExternal {
        if ownVolumes.contains(volumeNames[volume.key] ?? "") { continue }
        plan.externalVolumes.append(located(volume.name, volume.key, volume.position))
      } else {
        let body = create(volume)
        if let first = plan.volumes.first(where: { $0.name == body.name }) {
          try volume.checkIsSame(first, body)
          continue
        }
        plan.volumeSources[body.name ?? volume.key] = volume
        plan.volumes.append(body)
      }
    }
    plan.warnings += request.warnings + sharingWarnings
    if let warning = request.limits?.gpus?.warning(project) { plan.warnings.append(warning) }
    plan.options = request.options
    for service in project.services.values {
      if service.name == infra {
        plan.containers.append(try infraContainer(service))
        continue
      }
      try checkScale(of: service)
      for number in 1..<(service.containers + 1) {
        plan.containers.append(try container(service, number: number))
      }
      plan.warnings += warnings(of: service)
    }
    VolumeOrder.apply(to: &plan.containers)
    if plan.containers.allSatisfy(\.isInfra) {
      let first = project.services.values.first { $0.name != infra }
      throw ComposeError(
        "the project has no containers: the scale of each service is 0",
        at: first?.scale?.position ?? first?.position)
    }
    if request.offeredPorts == nil, ports.count > 0 {
      plan.warnings.append(
        "no ports were offered: the file's own host ports are used, and may meet others on this host"
      )
    }
    return plan
  }

  // MARK: Networks and volumes

  /// Only what a service uses is made: Docker's address pools give but some thirty networks a host.
  private var usedNetworks: Set<String> {
    Set(project.services.values.flatMap(\.withPreStart).flatMap { $0.networks.keys })
  }

  private var usedVolumes: Set<String> {
    Set(
      project.services.values.flatMap(\.withPreStart).flatMap(\.mounts).compactMap { mount in
        if case .volume(let key) = mount.source { return key }
        return nil
      })
  }

  private var ownNetworks: Set<String> {
    Set(
      project.networks.values.filter { !$0.isExternal && usedNetworks.contains($0.key) }
        .compactMap { networkNames[$0.key] })
  }

  private var ownVolumes: Set<String> {
    Set(
      project.volumes.values.filter { !$0.isExternal && usedVolumes.contains($0.key) }
        .compactMap { volumeNames[$0.key] })
  }

  private func located(
    _ name: Located<String>?, _ key: String, _ position: SourcePosition?
  ) -> Located<String> {
    let place = position ?? SourcePosition(file: project.files.first ?? "-", line: 1, column: 1)
    return name ?? Located(key, at: place)
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

  // MARK: What no pod may ask for

  /// How many containers a service may have: more fit no host, and a plan of each would take the executor's memory.
  static let mostContainers = 1000

  private static func checkNumber(of project: Project) throws(ComposeError) {
    for service in project.services.values where service.containers > mostContainers {
      throw ComposeError(
        "service '\(service.name)' has \(service.containers) containers: at most \(mostContainers) can be had",
        at: service.scale?.position ?? service.position)
    }
  }

  private static func refuseContractLabels(_ project: Project) throws(ComposeError) {
    for service in project.services.values.flatMap(\.withPreStart) {
      for (key, value) in service.labels where PodLabel.all.contains(key) {
        throw ComposeError(
          "label '\(key)' is the executor's own: it tells which pod a container belongs to",
          at: value.position)
      }
      for mount in service.mounts {
        try refuse(mount.labels.keys, at: mount.position, of: "the volume at \(mount.target)")
      }
      // Its containers would inherit them.
      if let build = service.build {
        try refuse(build.labels.keys, at: build.position, of: "the image of '\(service.name)'")
      }
    }
    for network in project.networks.values {
      try refuse(network.labels.keys, at: network.position, of: "network '\(network.key)'")
    }
    for volume in project.volumes.values {
      try refuse(volume.labels.keys, at: volume.position, of: "volume '\(volume.key)'")
    }
  }

  private static func refuse(
    _ keys: OrderedSet<String>, at position: SourcePosition?, of what: String
  ) throws(ComposeError) {
    if let key = keys.first(where: PodLabel.all.contains) {
      throw ComposeError(
        "label '\(key)' of \(what) is the executor's own: it tells which pod an object belongs to",
        at: position)
    }
  }
}

extension Dictionary {
  /// The entries without their order.
  init(_ ordered: OrderedDictionary<Key, Value>) {
    self.init(uniqueKeysWithValues: ordered.map { ($0.key, $0.value) })
  }
}
