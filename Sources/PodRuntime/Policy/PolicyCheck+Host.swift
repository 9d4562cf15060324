import Compose
import DockerEngine
import YAML

extension PolicyCheck {
  /// Refuses settings for the host that exceed the policy (Engine API, "HostConfig").
  ///
  /// - Parameters:
  ///   - host: the settings.
  ///   - container: the container of the request.
  ///   - own: the IDs of the pod's containers, to which it may refer.
  /// - Throws: `DiagnosticError` with the line of the setting.
  func check(
    _ host: HostConfig, of container: ContainerPlan, own: Set<String>
  ) throws(DiagnosticError) {
    let service = container.service
    for key in HostConfig.CodingKeys.allCases {
      switch key {
      // Inside the container, or limited by the task's cgroup.
      case .capDrop, .readonlyRootfs, .`init`, .extraHosts, .dns, .dnsSearch, .dnsOptions,
        .memory, .memorySwap, .memoryReservation, .memorySwappiness, .nanoCpus, .cpuShares,
        .cpuQuota,
        .cpuPeriod, .cpusetCpus, .shmSize, .groupAdd, .blkioWeight:
        break
      case .tmpfs: try checkTmpfs(host.tmpfs ?? [:], host, of: service)
      // Set by the executor.
      case .cgroupParent: break
      case .restartPolicy: try refuse(host.restartPolicy?.name != "no", "RestartPolicy", container)
      case .binds, .mounts, .volumesFrom: try checkMounts(key, host, of: container, own: own)
      case .networkMode, .pidMode, .ipcMode, .utsMode, .usernsMode, .cgroupnsMode:
        try checkNamespace(key, host, of: container, own: own)
      case .links: try check(links: host.links, of: service, own: own)
      case .portBindings: try check(host.portBindings ?? [:], of: service)
      case .capAdd, .privileged, .securityOpt, .maskedPaths, .readonlyPaths, .oomKillDisable,
        .oomScoreAdj, .cpuRealtimePeriod, .cpuRealtimeRuntime:
        try checkPrivilege(key, host, of: container)
      case .devices, .deviceRequests, .deviceCgroupRules, .blkioWeightDevice, .blkioDeviceReadBps,
        .blkioDeviceWriteBps, .blkioDeviceReadIOps, .blkioDeviceWriteIOps:
        try checkDevices(key, host, of: service)
      case .ulimits:
        for limit in host.ulimits ?? [] where !policy.allows(.ulimits, limit.name) {
          throw refusal(
            "ulimits \(limit.name)", .ulimits, limit.name, at: "ulimits.\(limit.name)", of: service)
        }
      case .sysctls:
        for name in (host.sysctls ?? [:]).keys.sorted() where !policy.allows(.sysctls, name: name) {
          throw refusal("sysctls \(name)", .sysctls, name, at: "sysctls", of: service)
        }
      case .annotations:
        for name in (host.annotations ?? [:]).keys.sorted()
        where !policy.allows(.annotations, name: name) {
          throw refusal("annotations \(name)", .annotations, name, at: "annotations", of: service)
        }
      case .storageOpt:
        for name in (host.storageOpt ?? [:]).keys.sorted() where !policy.allows(.storageOpt, name) {
          throw refusal("storage_opt \(name)", .storageOpt, name, at: "storage_opt", of: service)
        }
      case .logConfig: try check(host.logConfig, of: container)
      case .pidsLimit:
        guard let most = policy.maxPids else { continue }
        let requested = host.pidsLimit ?? 0
        if requested < 1 || requested > most {
          let value = host.pidsLimit.map(String.init) ?? "without a number"
          let key =
            service.locations["pids_limit"] == nil ? "deploy.resources.limits.pids" : "pids_limit"
          throw refusal(
            "pids_limit \(value)", .maxPids, host.pidsLimit.map(String.init), at: key, of: service)
        }
      case .runtime:
        guard let runtime = host.runtime, !runtime.isEmpty else { continue }
        if !policy.allows(.runtimes, runtime) {
          throw refusal("runtime \(runtime)", .runtimes, runtime, at: "runtime", of: service)
        }
      case .isolation:
        guard let technology = host.isolation, !["", "default"].contains(technology) else {
          continue
        }
        throw refusal("isolation \(technology)", nil, at: "isolation", of: service)
      }
    }
  }

  /// The error for a service's key.
  func refusal(
    _ what: String, _ permission: Permission?, _ word: String? = nil, at key: String,
    of service: Service
  ) -> DiagnosticError {
    policy.refusal(what, permission, word, at: service.locations[key] ?? service.position)
  }

  // MARK: Namespaces

  private func checkNamespace(
    _ key: HostConfig.CodingKeys, _ host: HostConfig, of container: ContainerPlan, own: Set<String>
  ) throws(DiagnosticError) {
    let service = container.service
    func isOwn(_ mode: String) -> Bool {
      mode.hasPrefix("container:") && own.contains(String(mode.dropFirst("container:".count)))
    }
    switch key {
    case .networkMode:
      let mode = host.networkMode ?? ""
      let refersToOwn = container.references.contains {
        if case .network = $0 { true } else { false }
      }
      if isOwn(mode) || (mode.isEmpty && refersToOwn) { return }
      // The first network that a service joins is its network mode.
      if service.networkMode == nil, ownNetworks.contains(mode) { return }
      let position =
        service.networkMode?.position ?? service.locations["networks"] ?? service.position
      try check(network: mode, at: position, as: "network \(mode.isEmpty ? "bridge" : mode)")
    case .pidMode:
      guard let mode = host.pidMode, !mode.isEmpty, !isOwn(mode), !policy.allows(.hostNamespaces)
      else { return }
      throw refusal("pid \(mode)", .hostNamespaces, at: "pid", of: service)
    case .ipcMode:
      guard let mode = host.ipcMode, !["", "none", "private", "shareable"].contains(mode),
        !isOwn(mode), !policy.allows(.hostNamespaces)
      else { return }
      throw refusal("ipc \(mode)", .hostNamespaces, at: "ipc", of: service)
    default:
      let (mode, name, harmless) =
        switch key {
        case .utsMode: (host.utsMode, "uts", [""])
        case .usernsMode: (host.usernsMode, "userns_mode", [""])
        default: (host.cgroupnsMode, "cgroup", ["", "private"])
        }
      guard let mode, !harmless.contains(mode), !policy.allows(.hostNamespaces) else { return }
      throw refusal("\(name) \(mode)", .hostNamespaces, at: name, of: service)
    }
  }

  // MARK: Privileges

  private func checkPrivilege(
    _ key: HostConfig.CodingKeys, _ host: HostConfig, of container: ContainerPlan
  ) throws(DiagnosticError) {
    let service = container.service
    switch key {
    case .capAdd:
      guard case .only(let names) = policy[.capabilities] else { return }
      let allowed = Set(names.map(Self.capability))
      for name in host.capAdd ?? [] where !allowed.contains(Self.capability(name)) {
        let requested = service.capAdd.first { Self.capability($0.value) == Self.capability(name) }
        throw policy.refusal(
          "cap_add \(requested?.value ?? name)", .capabilities, Self.capability(name),
          at: requested?.position ?? service.position)
      }
    case .securityOpt, .maskedPaths, .readonlyPaths:
      if policy.allows(.privileged) || container.isInfra { return }
      try checkConfinement(host, of: service)
    default:
      if policy.allows(.privileged) { return }
      if host.privileged == true {
        throw refusal("privileged", .privileged, at: "privileged", of: service)
      }
      // If memory runs out, the process that used it must be the one that is killed.
      if host.oomKillDisable == true {
        throw refusal("oom_kill_disable", .privileged, at: "oom_kill_disable", of: service)
      }
      if let score = host.oomScoreAdj, score < 0 {
        throw refusal("oom_score_adj \(score)", .privileged, at: "oom_score_adj", of: service)
      }
      // Other processes can't interrupt a real-time process.
      for (value, name) in [
        (host.cpuRealtimePeriod, "cpu_rt_period"), (host.cpuRealtimeRuntime, "cpu_rt_runtime"),
      ] where (value ?? 0) != 0 { throw refusal(name, .privileged, at: name, of: service) }
    }
  }

  static func capability(_ name: String) -> String {
    let upper = name.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }

  /// A custom profile or another SELinux type may confine as little as its author likes, so only
  /// options that are known to confine are allowed.
  private func checkConfinement(_ host: HostConfig, of service: Service) throws(DiagnosticError) {
    for option in service.securityOpt where !isConfining(option.value) {
      throw policy.refusal(
        "security_opt \(option.value)", .securityOpt, option.value, at: option.position)
    }
    // Options that aren't in the file: only a profile's text, in place of its path.
    for option in host.securityOpt ?? []
    where !isConfining(option) && !option.hasPrefix("seccomp={") {
      throw refusal("security_opt \(option)", .securityOpt, option, at: "security_opt", of: service)
    }
    let isUnmasked = host.maskedPaths != nil || host.readonlyPaths != nil
    if isUnmasked, !policy.allows(.securityOpt, "systempaths=unconfined") {
      throw refusal(
        "security_opt systempaths=unconfined", .securityOpt, "systempaths=unconfined",
        at: "security_opt", of: service)
    }
  }

  private func isConfining(_ option: String) -> Bool {
    if policy.allows(.securityOpt, option) { return true }
    let text = option.replacing(":", with: "=", maxReplacements: 1)
    return [
      "no-new-privileges", "no-new-privileges=true", "apparmor=docker-default", "seccomp=builtin",
    ]
    .contains(text)
  }

  // MARK: Devices

  private func checkDevices(
    _ key: HostConfig.CodingKeys, _ host: HostConfig, of service: Service
  ) throws(DiagnosticError) {
    guard case .only(let listed) = policy[.devices] else { return }
    switch key {
    case .devices:
      for device in host.devices ?? [] {
        let requested = service.devices.first { $0.value.prefix { $0 != ":" } == device.pathOnHost }
        try paths.check(
          device: device.pathOnHost, at: requested?.position ?? service.position,
          as: "device \(device.pathOnHost)")
      }
    case .deviceRequests:
      guard host.deviceRequests?.isEmpty == false, !listed.contains("gpus") else { return }
      let needs = service.resources.gpus + service.resources.reservedDevices
      let position = needs.first?.position ?? service.devices.first?.position
      throw policy.refusal(
        "a GPU or other device of a driver", .devices, "gpus", at: position ?? service.position)
    case .deviceCgroupRules:
      // A rule permits devices by number, regardless of their paths.
      guard let rule = host.deviceCgroupRules?.first else { return }
      let requested = service.resources.deviceCgroupRules.first
      throw policy.refusal(
        "device_cgroup_rules \(rule)", .devices, at: requested?.position ?? service.position)
    default:
      // A path reveals whether a device exists.
      let rates = [
        host.blkioDeviceReadBps, host.blkioDeviceWriteBps, host.blkioDeviceReadIOps,
        host.blkioDeviceWriteIOps,
      ]
      let limited =
        (host.blkioWeightDevice ?? []).map(\.path) + rates.flatMap { $0 ?? [] }.map(\.path)
      for path in limited {
        try paths.check(
          device: path, at: service.locations["blkio_config"] ?? service.position,
          as: "blkio_config of device \(path)")
      }
    }
  }

  // MARK: Ports and output

  private func check(
    _ bindings: [String: [PortBinding]], of service: Service
  ) throws(DiagnosticError) {
    guard case .only(let words) = policy[.publishedPorts], !bindings.isEmpty else { return }
    let offered = words.contains("offered") ? Set((offeredPorts ?? []).map(String.init)) : []
    for (container, hosts) in bindings.sorted(by: { $0.key < $1.key }) {
      guard let other = hosts.first(where: { !offered.contains($0.hostPort ?? "") }) else {
        continue
      }
      let requested = service.ports.first { "\($0.container)" == container }
      let isOfferable = offeredPorts != nil && !words.contains("offered")
      let port = other.hostPort.flatMap { $0.isEmpty ? nil : $0 } ?? "of the engine's choice"
      throw policy.refusal(
        "host port \(port) for \(container)", .publishedPorts, isOfferable ? "offered" : nil,
        at: requested?.position ?? service.position)
    }
  }

  /// Log options that name neither a destination nor a file.
  private static let harmlessLogOptions: Set<String> = [
    "max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag", "mode",
    "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress",
  ]

  /// The templates that name a container in its log. The engine executes any template in its own
  /// process: one that repeats a text exhausts the engine's memory.
  private static let plainTags: Set<String> = [
    "{{.ID}}", "{{.FullID}}", "{{.Name}}", "{{.ImageID}}", "{{.ImageFullID}}", "{{.ImageName}}",
    "{{.DaemonName}}",
  ]

  /// Whether a log's tag has only the templates that name the container.
  private func isPlain(tag: String) -> Bool {
    var rest = tag
    // A space replaces each template, so that the texts around it don't form another.
    for plain in Self.plainTags { rest = rest.replacing(plain, with: " ") }
    return !rest.utf8.contains(UInt8(ascii: "{"))
  }

  private func check(_ log: LogConfig?, of container: ContainerPlan) throws(DiagnosticError) {
    let service = container.service
    // Without `logging:` the value is the operator's or the executor's own.
    guard let logging = service.logging, let log, !container.isInfra, !policy.allows(.logDrivers)
    else { return }
    if let driver = log.type, !driver.isEmpty, !policy.allows(.logDrivers, driver) {
      throw policy.refusal(
        "logging driver \(driver)", .logDrivers, driver,
        at: logging.driver?.position ?? logging.position)
    }
    for (name, value) in (log.config ?? [:]).sorted(by: { $0.key < $1.key }) {
      if Self.harmlessLogOptions.contains(name), name != "tag" || isPlain(tag: value) { continue }
      throw refusal(
        "logging option \(name)", .logDrivers, at: "logging.options.\(name)", of: service)
    }
  }
}
