import Compose
import DockerEngine
import OrderedCollections
import PodIdentity

extension PodPlanner {
  /// Works out one service's container.
  func container(_ service: Service) throws(ComposeError) -> ContainerPlan {
    if service.image == nil && service.build == nil {
      throw ComposeError(
        "service '\(service.name)' has neither image nor build", at: service.position)
    }
    let names = identity.names
    let word = service.containerName?.value ?? service.name
    var body = ContainerCreate()
    describeProcess(of: service, in: &body)
    body.labels = labels(of: service)
    var host = HostConfig()
    // Docker must never start again what the executor, or the reaper after it, has ended.
    host.restartPolicy = EngineRestartPolicy(name: "no")
    host.cgroupParent = identity.cgroupParent
    host.logConfig = try logConfig(of: service)
    limit(service, in: &host)
    try grant(service, in: &host)
    try mount(service, in: &body, &host)
    var references = try namespaces(of: service, in: &host)
    references += try volumesFrom(service, in: &host)
    references += sharing.links(of: service).map {
      .link($0.value.target, alias: $0.value.alias)
    }
    let connections = network(service, in: &body, &host)
    publish(service, in: &body, &host)
    body.hostConfig = host
    var dependencies = service.dependencies.map { (service: $0.key, dependency: $0.value) }
    for reference in references
    where !dependencies.contains(where: { $0.service == reference.service }) {
      dependencies.append((reference.service, Dependency(position: service.position)))
    }
    return ContainerPlan(
      service: service, name: names.container(word), nameIfTaken: names.containerWithHash(word),
      create: body, connections: connections, references: references, dependencies: dependencies,
      ports: ports.services[service.name] ?? [])
  }

  private func describeProcess(of service: Service, in body: inout ContainerCreate) {
    body.attachStdout = true
    body.attachStderr = true
    body.cmd = service.command
    body.entrypoint = service.entrypoint
    body.env = service.environment.map { entry in
      entry.value.map { "\(entry.key)=\($0)" } ?? entry.key
    }
    body.hostname = service.hostname?.value
    body.domainname = service.domainname
    body.user = service.user
    body.workingDir = service.workingDir
    body.stopSignal = service.stopSignal
    body.stopTimeout = service.stopGracePeriod.map { Int(($0 + 999_999_999) / 1_000_000_000) }
    body.tty = service.tty ? true : nil
    body.openStdin = service.stdinOpen ? true : nil
    if let check = service.healthcheck {
      body.healthcheck = EngineHealthcheck(
        test: check.test, interval: check.interval.map(Int.init),
        timeout: check.timeout.map(Int.init), retries: check.retries,
        startPeriod: check.startPeriod.map(Int.init),
        startInterval: check.startInterval.map(Int.init))
    }
  }

  private func labels(of service: Service) -> [String: String] {
    var labels = request.taskLabels
    labels.merge(service.labels.map { ($0.key, $0.value.value) }) { _, file in file }
    labels.merge(identity.labels) { _, contract in contract }
    labels[PodLabel.composeService] = service.name
    labels[PodLabel.composeContainerNumber] = "1"
    labels[PodLabel.composeOneOff] = "False"
    // `docker compose -p PROJECT ps` looks only at containers that have one, whatever it is.
    labels[PodLabel.composeConfigHash] = ""
    // Empty, so that no image can supply them.
    labels[PodLabel.composeNetwork] = ""
    labels[PodLabel.composeVolume] = ""
    return labels
  }

  /// Without `logging:` a container's log in the engine is bounded; its output is in the sandbox.
  private func logConfig(of service: Service) throws(ComposeError) -> LogConfig {
    guard let logging = service.logging else {
      return LogConfig(type: "json-file", config: ["max-size": "50m", "max-file": "2"])
    }
    if logging.driver?.value == "none" {
      throw ComposeError(
        "logging driver 'none' leaves nothing to read again after the engine was away: leave "
          + "`logging` out to have a small log, or name another driver",
        at: logging.driver?.position ?? logging.position)
    }
    return LogConfig(
      type: logging.driver?.value ?? "json-file", config: Dictionary(logging.options))
  }

  private func limit(_ service: Service, in host: inout HostConfig) {
    host.memory = service.memoryLimit.map { Int($0.value) }
    host.memorySwap = service.memorySwapLimit.map(Int.init)
    host.memoryReservation = service.memoryReservation.map(Int.init)
    host.nanoCpus = service.cpus.map { Int(($0.value * 1_000_000_000).rounded()) }
    host.cpuShares = service.cpuShares.map(Int.init)
    host.cpuQuota = service.cpuQuota.map { Int($0.value) }
    host.cpuPeriod = service.cpuPeriod.map(Int.init)
    host.cpusetCpus = service.cpuset
    host.shmSize = service.shmSize.map(Int.init)
  }

  private func grant(_ service: Service, in host: inout HostConfig) throws(ComposeError) {
    host.capAdd = service.capAdd.isEmpty ? nil : service.capAdd.map(\.value)
    host.capDrop = service.capDrop.isEmpty ? nil : service.capDrop
    host.privileged = service.privileged?.value
    host.readonlyRootfs = service.readOnly ? true : nil
    host.`init` = service.initProcess
    host.securityOpt = service.securityOpt.isEmpty ? nil : service.securityOpt.map(\.value)
    if !service.devices.isEmpty {
      host.devices = service.devices.map { device in
        let parts = device.value.split(separator: ":").map(String.init)
        let source = parts.first ?? device.value
        return DeviceMapping(
          pathOnHost: source, pathInContainer: parts.count > 1 ? parts[1] : source,
          cgroupPermissions: parts.count > 2 ? parts[2] : "rwm")
      }
    }
  }

  // MARK: Namespaces and networks

  private func namespaces(
    of service: Service, in host: inout HostConfig
  ) throws(ComposeError) -> [ContainerPlan.Reference] {
    var references: [ContainerPlan.Reference] = []
    switch service.networkMode?.value {
    case .service(let name): references.append(.network(name))
    case .container(let id): host.networkMode = "container:\(id)"
    case .host: host.networkMode = "host"
    case .some(.none): host.networkMode = "none"
    case .other(let word): host.networkMode = networkNames[word] ?? word
    case nil: break
    }
    switch service.pid?.value {
    case .service(let name): references.append(.pid(name))
    case let mode?: host.pidMode = mode.word
    case nil: break
    }
    switch service.ipc?.value {
    case .service(let name): references.append(.ipc(name))
    case let mode?: host.ipcMode = mode.word
    case nil:
      // Another service's `ipc: service:` needs this one's to be open to it.
      let isShared = project.services.values.contains { $0.ipc?.value == .service(service.name) }
      if isShared { host.ipcMode = "shareable" }
    }
    return references
  }

  private func volumesFrom(
    _ service: Service, in host: inout HostConfig
  ) throws(ComposeError) -> [ContainerPlan.Reference] {
    var references: [ContainerPlan.Reference] = []
    for entry in service.volumesFrom {
      switch entry.value.source {
      case .service(let name):
        references.append(.volumes(name, readOnly: entry.value.readOnly))
      case .container(let id):
        host.volumesFrom = (host.volumesFrom ?? []) + [id + (entry.value.readOnly ? ":ro" : ":rw")]
      }
    }
    return references
  }

  private func network(
    _ service: Service, in body: inout ContainerCreate, _ host: inout HostConfig
  ) -> [(network: String, settings: EndpointSettings)] {
    var hosts: [String] = []
    if sharing.owners[service.name] == nil {
      hosts = service.extraHosts.map { "\($0.host):\($0.address)" }
    }
    hosts += sharing.hosts[service.name] ?? []
    host.extraHosts = hosts.isEmpty ? nil : hosts
    host.dns = service.dns.isEmpty ? nil : service.dns
    host.dnsSearch = service.dnsSearch.isEmpty ? nil : service.dnsSearch
    let external = service.externalLinks.map { "\($0.value.target):\($0.value.alias)" }
    guard service.networkMode == nil else {
      if !external.isEmpty { host.links = external }
      return []
    }
    let ordered = service.networks.enumerated().sorted { first, second in
      if first.element.value.priority != second.element.value.priority {
        return first.element.value.priority > second.element.value.priority
      }
      return first.offset < second.offset
    }
    let endpoints = ordered.map { entry in
      (
        network: networkNames[entry.element.key] ?? entry.element.key,
        settings: endpoint(entry.element.value, of: service, links: external)
      )
    }
    guard let first = endpoints.first else {
      host.networkMode = "none"
      return []
    }
    host.networkMode = first.network
    body.networkingConfig = NetworkingConfig(endpointsConfig: [first.network: first.settings])
    return Array(endpoints.dropFirst())
  }

  private func endpoint(
    _ attachment: NetworkAttachment, of service: Service, links: [String]
  ) -> EndpointSettings {
    var aliases: OrderedSet<String> = [service.name]
    if let name = service.containerName?.value { aliases.append(name) }
    aliases.append(contentsOf: attachment.aliases)
    var settings = EndpointSettings(aliases: Array(aliases))
    if !links.isEmpty { settings.links = links }
    if attachment.ipv4Address != nil || attachment.ipv6Address != nil
      || !attachment.linkLocalIPs.isEmpty
    {
      settings.ipamConfig = EndpointIPAM(
        ipv4Address: attachment.ipv4Address, ipv6Address: attachment.ipv6Address,
        linkLocalIPs: attachment.linkLocalIPs.isEmpty ? nil : attachment.linkLocalIPs)
    }
    settings.macAddress = attachment.macAddress
    if !attachment.driverOptions.isEmpty {
      settings.driverOpts = Dictionary(attachment.driverOptions)
    }
    return settings
  }

  private func publish(
    _ service: Service, in body: inout ContainerCreate, _ host: inout HostConfig
  ) {
    // A container in another's namespace exposes nothing of its own, and Docker refuses that it says so.
    guard sharing.owners[service.name] == nil else { return }
    if case .container? = service.networkMode?.value { return }
    var exposed = Set(service.expose.map { $0.contains("/") ? $0 : $0 + "/tcp" })
    var bindings: [String: [PortBinding]] = [:]
    for assigned in ports.services[service.name] ?? [] {
      let key = "\(assigned.port.target)/\(assigned.port.transport)"
      exposed.insert(key)
      bindings[key, default: []].append(
        PortBinding(hostIP: assigned.port.hostIP, hostPort: assigned.hostPort))
    }
    body.exposedPorts = exposed.isEmpty ? nil : KeySet(exposed)
    host.portBindings = bindings.isEmpty ? nil : bindings
  }
}

extension NamespaceMode {
  /// The word that Docker takes for a mode that names no service.
  var word: String {
    switch self {
    case .service(let name): "service:\(name)"
    case .container(let id): "container:\(id)"
    case .host: "host"
    case .none: "none"
    case .other(let word): word
    }
  }
}
