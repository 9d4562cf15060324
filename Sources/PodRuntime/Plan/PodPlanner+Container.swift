import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

extension PodPlanner {
  /// Plans one of a service's containers; the first one includes the containers of the `pre_start`
  /// hooks.
  func container(_ service: Service, number: Int) throws(DiagnosticError) -> ContainerPlan {
    let word =
      service.containers > 1
      ? "\(service.name)-\(number)" : service.containerName?.value ?? service.name
    var plan = try container(
      service, number: number, word: word,
      published: ports.services[ContainerPlan.key(of: service, number: number)] ?? [])
    for (index, hook) in service.preStart.enumerated() where number == 1 {
      var before = try container(
        hook, number: 1, word: "\(service.name)-pre_start-\(index)", published: [],
        sharing: service)
      before.create.labels?[PodLabel.composeOneOff] = "True"
      before.create.labels?[PodLabel.composeContainerNumber] = ""
      plan.preStart.append(before)
    }
    return plan
  }

  private func container(
    _ service: Service, number: Int, word: String, published: [AssignedPort],
    sharing other: Service? = nil
  ) throws(DiagnosticError) -> ContainerPlan {
    if service.image == nil && service.build == nil {
      throw DiagnosticError(
        "service '\(service.name)' has neither image nor build", at: service.position)
    }
    let names = identity.names
    var body = ContainerCreate()
    describeProcess(of: service, in: &body)
    body.env =
      taskVariables(of: service, number: number, settings: other ?? service) + (body.env ?? [])
    body.labels = try labels(of: service, number: number)
    var host = HostConfig()
    // Docker must not restart a container after the executor or pod-reaper has stopped it.
    host.restartPolicy = EngineRestartPolicy(name: "no")
    host.logConfig = try logConfig(of: service)
    limit(service, in: &host)
    isolate(service, in: &host)
    grant(service, in: &host)
    provideDevices(of: service, in: &host)
    mount(service, in: &host)
    // The container of a `pre_start` hook gets the service's mounts.
    if other == nil { try mountTaskFile(into: service, in: &host) }
    var references = try namespaces(of: service, in: &host)
    references += try volumesFrom(service, in: &host)
    for link in sharing.links(of: service) { references += linked(link.value) }
    let connections = try network(service, in: &body, &host)
    publish(published, of: service, in: &body, &host)
    body.hostConfig = host
    var dependencies = service.dependencies.map { (service: $0.key, dependency: $0.value) }
    for reference in references
    where !dependencies.contains(where: { $0.service == reference.service }) {
      dependencies.append((reference.service, Dependency(position: service.position)))
    }
    return ContainerPlan(
      service: service, number: number, name: names.container(word),
      nameIfTaken: names.containerWithHash(word),
      create: body, connections: connections, references: references, dependencies: dependencies,
      ports: published, copies: try copies(of: service, sharing: other),
      externalMounts: try externalMounts(of: service),
      volumeSources: volumes(of: service), sharesMounts: other != nil)
  }

  /// The file's volumes that a service mounts, by their names in Docker.
  private func volumes(of service: Service) -> [String: Volume] {
    var volumes: [String: Volume] = [:]
    for mount in service.mounts {
      guard case .volume(let key) = mount.source, let volume = project.volumes[key] else {
        continue
      }
      volumes[volumeNames[key] ?? key] = volume
    }
    return volumes
  }

  private func proxies(for service: Service) -> [String] {
    if service.name == infra { return [] }
    return request.proxies.filter { !service.environment.keys.contains($0.key) }
      .map { "\($0.key)=\($0.value)" }.sorted()
  }

  /// A link by its alias, and by the names that Compose adds to each link.
  private func linked(_ link: Link) -> [ContainerPlan.Reference] {
    guard let target = project.services[link.target] else { return [] }
    return (1..<(target.containers + 1)).flatMap { number -> [ContainerPlan.Reference] in
      let key = ContainerPlan.key(of: target, number: number)
      let word = "\(link.target)-\(number)"
      return [link.alias, word, "\(identity.names.project)-\(word)"].map { .link(key, alias: $0) }
    }
  }

  /// The key of the first container of a service whose namespace or volumes another service uses.
  private func first(
    of name: String, for service: Service, at position: SourcePosition
  ) throws(DiagnosticError) -> String {
    guard let other = project.services[name], other.containers > 0 else {
      throw DiagnosticError(
        "service '\(service.name)' uses a namespace or volumes of '\(name)', which has no container",
        at: position)
    }
    return ContainerPlan.key(of: other, number: 1)
  }

  private func describeProcess(of service: Service, in body: inout ContainerCreate) {
    body.attachStdout = true
    body.attachStderr = true
    body.cmd = service.command
    body.entrypoint = service.entrypoint
    body.env = proxies(for: service) + Pod.variables(service.environment)
    body.hostname = service.hostname?.value
    body.domainname = service.domainname
    body.user = service.user
    body.workingDir = service.workingDir
    body.stopSignal = service.stopSignal
    body.stopTimeout = service.stopGracePeriod.map { Int($0.components.seconds) }
    body.tty = service.tty ? true : nil
    body.openStdin = service.stdinOpen ? true : nil
    if let check = service.healthcheck {
      body.healthcheck = EngineHealthcheck(
        test: check.test, interval: check.interval.map { Int($0.nanoseconds) },
        timeout: check.timeout.map { Int($0.nanoseconds) }, retries: check.retries,
        startPeriod: check.startPeriod.map { Int($0.nanoseconds) },
        startInterval: check.startInterval.map { Int($0.nanoseconds) })
    }
  }

  /// The engine repeats a container's labels in each of its events, for every client.
  private static let mostLabelBytes = 1 << 20

  private func labels(of service: Service, number: Int) throws(DiagnosticError) -> [String: String]
  {
    var labels = request.taskLabels
    labels.merge(service.labels.map { ($0.key, $0.value.value) }) { _, file in file }
    labels.merge(identity.labels) { _, contract in contract }
    labels[PodLabel.composeService] = service.name
    labels[PodLabel.composeContainerNumber] = String(number)
    labels[PodLabel.composeOneOff] = "False"
    // `docker compose -p PROJECT ps` lists only containers with this label, whatever its value.
    labels[PodLabel.composeConfigHash] = ""
    // Empty, so that no image can set them.
    labels[PodLabel.composeNetwork] = ""
    labels[PodLabel.composeVolume] = ""
    let size = labels.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard size <= Self.mostLabelBytes else {
      throw DiagnosticError(
        "the labels of service '\(service.name)', with its task's, have \(size) bytes: the maximum is \(Self.mostLabelBytes)",
        at: service.labels.values.first?.position ?? service.position)
    }
    return labels
  }

  /// The log driver's settings: `logging:` of the file, otherwise the operator's. The output is
  /// also in the sandbox.
  private func logConfig(of service: Service) throws(DiagnosticError) -> LogConfig? {
    guard let logging = service.logging else { return request.logging.config }
    if logging.driver?.value == "none" {
      throw DiagnosticError(
        "logging driver 'none' has no log to read after the engine was away: remove "
          + "`logging` for a small log, or set another driver",
        at: logging.driver?.position ?? logging.position)
    }
    return LogConfig(type: logging.driver?.value, config: Dictionary(logging.options))
  }

  private func grant(_ service: Service, in host: inout HostConfig) {
    host.capAdd = Self.capabilities(service.capAdd.map(\.value))
    host.capDrop = Self.capabilities(service.capDrop)
    host.privileged = service.privileged?.value
    host.readonlyRootfs = service.readOnly ? true : nil
    host.`init` = service.initProcess
    let unmasked = "systempaths=unconfined"
    let options = service.securityOpt.map(\.value)
    if options.contains(unmasked) {
      host.maskedPaths = []
      host.readonlyPaths = []
    }
    let rest = options.filter { $0 != unmasked }
    host.securityOpt = rest.isEmpty ? nil : rest
  }

  /// Capabilities in the format of Docker's clients: each once, with `CAP_`, and sorted. ALL
  /// includes the others.
  private static func capabilities(_ names: [String]) -> [String]? {
    let full = Set(
      names.map { name in
        let name = name.uppercased()
        return name == "ALL" || name.hasPrefix("CAP_") ? name : "CAP_" + name
      })
    if full.contains("ALL") { return ["ALL"] }
    return full.isEmpty ? nil : full.sorted()
  }

  // MARK: Namespaces and networks

  private func namespaces(
    of service: Service, in host: inout HostConfig
  ) throws(DiagnosticError) -> [ContainerPlan.Reference] {
    var references: [ContainerPlan.Reference] = []
    func target(
      _ name: String, _ mode: Located<NamespaceMode>?
    ) throws(DiagnosticError) -> String {
      try first(of: name, for: service, at: mode?.position ?? service.position)
    }
    switch service.networkMode?.value {
    case .service(let name): references.append(.network(try target(name, service.networkMode)))
    case .container(let id): host.networkMode = "container:\(id)"
    case .host: host.networkMode = "host"
    case .some(.none): host.networkMode = "none"
    // This is the engine's keyword, not the project's network with that key.
    case .other("default"): host.networkMode = "default"
    case .other(let word): host.networkMode = networkNames[word] ?? word
    case nil: break
    }
    switch service.pid?.value {
    case .service(let name): references.append(.pid(try target(name, service.pid)))
    case let mode?: host.pidMode = mode.word
    case nil: break
    }
    switch service.ipc?.value {
    case .service(let name): references.append(.ipc(try target(name, service.ipc)))
    case let mode?: host.ipcMode = mode.word
    case nil:
      // `ipc: service:` of another service requires that this IPC namespace is shareable.
      let isShared = project.services.values.contains { $0.ipc?.value == .service(service.name) }
      if isShared { host.ipcMode = "shareable" }
    }
    return references
  }

  private func volumesFrom(
    _ service: Service, in host: inout HostConfig
  ) throws(DiagnosticError) -> [ContainerPlan.Reference] {
    var references: [ContainerPlan.Reference] = []
    for entry in service.volumesFrom {
      switch entry.value.source {
      case .service(let name):
        let key = try first(of: name, for: service, at: entry.position)
        references.append(.volumes(key, readOnly: entry.value.readOnly))
      case .container(let id):
        host.volumesFrom = (host.volumesFrom ?? []) + [id + (entry.value.readOnly ? ":ro" : "")]
      }
    }
    return references
  }
}

extension NamespaceMode {
  /// The mode's value in the Engine API.
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
