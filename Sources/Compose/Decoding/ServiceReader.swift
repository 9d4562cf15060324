import OrderedCollections
import YAML

/// Reads the typed service from a normalized node.
struct ServiceReader {
  let name: String
  let node: YAMLNode
  let position: SourcePosition
  let containers: ContainerNames
  let files: FileMountReader

  /// The service; throws for an invalid value.
  func service() throws(DiagnosticError) -> Service {
    var service = Service(name: name, position: position)
    service.locations = node.locations
    try readImage(into: &service)
    (service.pullPolicy, service.pullAge) = try pullPolicy()
    readProcess(into: &service)
    service.ports = try ports()
    service.expose = try expose()
    service.mounts = try MountReader.mounts(of: node)
    service.files = try files.mounts(of: node)
    service.volumesFrom = try volumesFrom()
    try readNetworks(into: &service)
    service.networkMode = try mode("network_mode")
    service.pid = try mode("pid")
    service.ipc = try mode("ipc")
    service.links = try links("links")
    service.externalLinks = try links("external_links")
    service.dependencies = try dependencies(
      modes: [service.networkMode, service.pid, service.ipc], volumesFrom: service.volumesFrom)
    service.healthcheck = try healthcheck()
    service.restart = try restart()
    service.restartPosition = node["restart"]?.position
    service.stopGracePeriod = duration(node["stop_grace_period"])
    try readLimits(into: &service)
    try readDeployment(into: &service)
    readSecurity(into: &service)
    readResources(into: &service)
    readIsolation(into: &service)
    readScale(into: &service)
    try readHooks(into: &service)
    openEngine(to: &service)
    service.logging = logging()
    service.podSettings = podSettings()
    return service
  }

  private func podSettings() -> ServicePodSettings {
    var settings = ServicePodSettings()
    guard let own = node[PodSettings.key.name] else { return settings }
    settings.role = own.located("role").flatMap { word in
      ServiceRole(rawValue: word.value).map { Located($0, at: word.position) }
    }
    settings.onUnhealthy = own["on_unhealthy"]?.string.flatMap { FailureReaction(rawValue: $0) }
    settings.onOutOfMemory = own["on_oom"]?.string.flatMap { FailureReaction(rawValue: $0) }
    settings.taskVariables = own["task_env"]?.string.flatMap { TaskVariables(rawValue: $0) }
    settings.hasTaskFile = own["task_file"].flatMap { value in
      value.boolean.map { Located($0, at: value.position) }
    }
    return settings
  }

  private func readImage(into service: inout Service) throws(DiagnosticError) {
    service.image = node.located("image")
    guard let build = node["build"] else { return }
    var section = Build(
      position: node.position(ofKey: "build"), context: build["context"]?.string ?? "")
    section.dockerfile = build["dockerfile"]?.string
    section.args = (build["args"]?.mapping ?? [:]).mapValues { $0.value.string }
    section.target = build["target"]?.string
    section.network = build["network"]?.string
    section.labels = build["labels"].pairs
    section.cacheFrom = build["cache_from"]?.strings ?? []
    section.noCache = build["no_cache"]?.boolean ?? false
    section.pull = build["pull"]?.boolean ?? false
    section.dockerfileText = build.located("dockerfile_inline")?.value
    try readOptions(of: build, into: &section)
    service.build = section
  }

  private func readProcess(into service: inout Service) {
    service.command = node["command"]?.sequence?.compactMap(\.string)
    service.entrypoint = node["entrypoint"]?.sequence?.compactMap(\.string)
    service.environment = (node["environment"]?.mapping ?? [:]).mapValues { $0.value.string }
    for (key, entry) in node["labels"]?.mapping ?? [:] {
      guard let value = entry.value.string else { continue }
      service.labels[key] = Located(value, at: entry.keyPosition)
    }
    service.containerName = node.located("container_name")
    service.hostname = node.located("hostname")
    service.domainname = node.located("domainname")?.value
    service.user = node.located("user")?.value
    service.workingDir = node.located("working_dir")?.value
    service.stopSignal = node.located("stop_signal")?.value
    service.initProcess = node["init"]?.boolean
    service.isAttached = node["attach"]?.boolean ?? true
    service.tty = node["tty"]?.boolean ?? false
    service.stdinOpen = node["stdin_open"]?.boolean ?? false
  }

  private func readNetworks(into service: inout Service) throws(DiagnosticError) {
    for (key, entry) in node["networks"]?.mapping ?? [:] {
      let isImplied = key == "default" && entry.value.position == node.position
      var attachment = NetworkAttachment(position: isImplied ? nil : entry.keyPosition)
      attachment.aliases = entry.value["aliases"]?.strings ?? []
      attachment.ipv4Address = entry.value["ipv4_address"]?.string
      attachment.ipv6Address = entry.value["ipv6_address"]?.string
      attachment.linkLocalIPs = entry.value["link_local_ips"]?.strings ?? []
      attachment.macAddress = entry.value["mac_address"]?.string
      attachment.priority = Int(entry.value["priority"]?.integer ?? 0)
      attachment.gatewayPriority = Int(entry.value["gw_priority"]?.integer ?? 0)
      attachment.interfaceName = entry.value.located("interface_name")?.value
      attachment.driverOptions = entry.value["driver_opts"].pairs
      service.networks[key] = attachment
    }
    service.dns = try node["dns"].locatedStrings.filter { !$0.value.isEmpty }.map {
      server throws(DiagnosticError) in
      // A link-local address may have an interface name.
      let address = server.value.split(separator: "%", maxSplits: 1).first.map(String.init) ?? ""
      guard IPAddress.isValid(address) else {
        throw DiagnosticError(
          "`dns` must be addresses of name servers, not `\(server.value)`", at: server.position)
      }
      return server.value
    }
    service.dnsSearch = node["dns_search"]?.strings ?? []
    service.dnsOptions = node["dns_opt"]?.strings ?? []
    service.macAddress = node.located("mac_address")
    service.extraHosts = node["extra_hosts"].locatedStrings.map { entry in
      let (host, address) = entry.value.split("=")
      return ExtraHost(host: host, address: address ?? "", position: entry.position)
    }
  }

  private func readSecurity(into service: inout Service) {
    service.capAdd = node["cap_add"].locatedStrings
    service.capDrop = node["cap_drop"]?.strings ?? []
    service.privileged = node["privileged"].flatMap { value in
      value.boolean.map { Located($0, at: value.position) }
    }
    service.readOnly = node["read_only"]?.boolean ?? false
    service.securityOpt = node["security_opt"].locatedStrings
    service.devices = (node["devices"]?.sequence ?? []).map { device in
      let parts = ["source", "target", "permissions"].compactMap { device[$0]?.string }
      return Located(parts.joined(separator: ":"), at: device.position)
    }
  }

  private func logging() -> Logging? {
    node["logging"].map {
      Logging(
        position: node.position(ofKey: "logging"), driver: $0.located("driver"),
        options: $0["options"].pairs)
    }
  }

  private func healthcheck() throws(DiagnosticError) -> Healthcheck? {
    guard let check = node["healthcheck"] else { return nil }
    if let interval = check["start_interval"], check["start_period"] == nil {
      throw DiagnosticError("`start_interval` needs `start_period`", at: interval.position)
    }
    var healthcheck = Healthcheck()
    healthcheck.test = check["test"]?.sequence.map { $0.compactMap(\.string) }
    if let isDisabled = check["disable"]?.boolean, isDisabled { healthcheck.test = ["NONE"] }
    if let test = healthcheck.test, test == ["CMD"] || test == ["CMD-SHELL"] {
      // With such a test, the first check crashes engines 20.10 to 28.
      throw DiagnosticError(
        "a healthcheck's test has no command after \(test[0])",
        at: check["test"]?.position ?? node.position(ofKey: "healthcheck"))
    }
    healthcheck.interval = duration(check["interval"])
    healthcheck.timeout = duration(check["timeout"])
    healthcheck.startPeriod = duration(check["start_period"])
    healthcheck.startInterval = duration(check["start_interval"])
    if let retries = check["retries"]?.integer { healthcheck.retries = Int(retries) }
    return healthcheck
  }

  func duration(_ node: YAMLNode?) -> Duration? {
    node?.string.flatMap(ComposeDuration.duration)
  }
}
