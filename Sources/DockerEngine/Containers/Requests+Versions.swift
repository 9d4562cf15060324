// What a request needs of an engine, and how it is sent to one whose API lacks something: what
// isn't known there is never sent.

extension ContainerCreate {
  /// What the container can't be made without.
  public var needs: [EngineFeature] {
    let host = hostConfig
    var needs: [EngineFeature] = []
    func need(_ feature: EngineFeature, if isAsked: Bool?) {
      if isAsked == true { needs.append(feature) }
    }
    need(.deviceCgroupRules, if: host?.deviceCgroupRules.map { !$0.isEmpty })
    need(.startPeriod, if: healthcheck?.startPeriod.map { $0 != 0 })
    need(.privateIPC, if: host?.ipcMode.map { ["private", "none"].contains($0) })
    let ports = Array(exposedPorts ?? []) + Array((host?.portBindings ?? [:]).keys)
    need(.sctp, if: ports.contains { $0.lowercased().hasSuffix("/sctp") })
    need(.unmaskedPaths, if: host?.maskedPaths != nil || host?.readonlyPaths != nil)
    need(.deviceRequests, if: host?.deviceRequests.map { !$0.isEmpty })
    need(.privateCgroupNamespace, if: host?.cgroupnsMode.map { $0 != "host" && !$0.isEmpty })
    need(.hostGateway, if: host?.extraHosts?.contains { $0.hasSuffix(":host-gateway") })
    for mount in host?.mounts ?? [] {
      need(.nonRecursiveBind, if: mount.bindOptions?.nonRecursive)
      need(.forcedReadOnly, if: mount.bindOptions?.readOnlyForceRecursive)
      need(.volumeSubpath, if: mount.volumeOptions?.subpath != nil)
      need(.imageMount, if: mount.type == "image")
    }
    let endpoints = networkingConfig?.endpointsConfig ?? [:]
    for (name, settings) in endpoints {
      needs += settings.needs(isFirst: endpoints.count == 1 || name == host?.networkMode)
    }
    return needs
  }

  /// The request as an engine takes it, and what is lost on the way.
  ///
  /// - Parameter ability: what the engine can do.
  /// - Returns: the request to send, and a line for each field that has no effect there.
  func fitted(to ability: EngineAbility) -> (ContainerCreate, dropped: [String]) {
    var request = self
    var dropped: [String] = []
    request.fitAddress(to: ability)
    if !ability.has(.startPeriod) { request.healthcheck?.startPeriod = nil }
    if !ability.has(.startInterval), healthcheck?.startInterval != nil {
      request.healthcheck?.startInterval = nil
      if healthcheck?.startInterval != 0 { dropped.append(ability.noEffect(of: .startInterval)) }
    }
    request.hostConfig?.fit(to: ability)
    if hostConfig?.annotations != nil, !ability.has(.annotations) {
      request.hostConfig?.annotations = nil
      dropped.append(ability.noEffect(of: .annotations))
    }
    for (name, settings) in request.networkingConfig?.endpointsConfig ?? [:] {
      let (fitted, lost) = settings.fitted(to: ability)
      request.networkingConfig?.endpointsConfig?[name] = fitted
      dropped += lost
    }
    return (request, dropped)
  }

  /// An older engine reads the container's address for its first network, a newer one the network's.
  private mutating func fitAddress(to ability: EngineAbility) {
    guard let mode = hostConfig?.networkMode else { return }
    let address = networkingConfig?.endpointsConfig?[mode]?.macAddress
    if !ability.has(.endpointAddress) {
      macAddress = macAddress ?? address
    } else if let own = macAddress {
      macAddress = nil
      var endpoints = networkingConfig?.endpointsConfig ?? [:]
      endpoints[mode, default: EndpointSettings()].macAddress = own
      networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
    }
  }
}

extension HostConfig {
  fileprivate mutating func fit(to ability: EngineAbility) {
    if !ability.has(.shareableIPC), ipcMode == "shareable" { ipcMode = nil }
    if !ability.has(.hostCgroupNamespace) { cgroupnsMode = nil }
    if !ability.has(.capabilityPrefix) {
      func short(_ name: String) -> String { String(name.trimmingPrefix("CAP_")) }
      capAdd = capAdd?.map(short)
      capDrop = capDrop?.map(short)
    }
    mounts = mounts?.map { $0.fitted(to: ability) }
  }
}

extension Mount {
  fileprivate func fitted(to ability: EngineAbility) -> Mount {
    var mount = self
    if !ability.has(.consistency) { mount.consistency = nil }
    if !ability.has(.createMountpoint) { mount.bindOptions?.createMountpoint = nil }
    if !ability.has(.writableSubmounts) { mount.bindOptions?.readOnlyNonRecursive = nil }
    return mount
  }
}

extension EndpointSettings {
  /// What a container can't join a network without.
  ///
  /// - Parameter isFirst: whether it is the network that the container is created on.
  /// - Returns: the features.
  public func needs(isFirst: Bool) -> [EngineFeature] {
    var needs: [EngineFeature] = []
    let options = Set((driverOpts ?? [:]).keys)
    if options.contains(Self.interfaceName) { needs.append(.interfaceName) }
    if !options.subtracting([Self.interfaceName]).isEmpty { needs.append(.endpointDriverOptions) }
    if !isFirst, macAddress != nil { needs.append(.addressOnOtherNetworks) }
    return needs
  }

  /// The settings as an engine takes them, and a line for each that has no effect there.
  func fitted(to ability: EngineAbility) -> (EndpointSettings, dropped: [String]) {
    var settings = self
    guard gwPriority != nil, !ability.has(.gatewayPriority) else { return (settings, []) }
    settings.gwPriority = nil
    return (settings, [ability.noEffect(of: .gatewayPriority)])
  }
}

extension NetworkCreate {
  /// What the network can't be made without.
  public var needs: [EngineFeature] { enableIPv4 == false ? [.withoutIPv4] : [] }

  /// The request as an engine takes it.
  func fitted(to ability: EngineAbility) -> NetworkCreate {
    var request = self
    if !ability.has(.withoutIPv4) { request.enableIPv4 = nil }
    if ability.has(.uniqueNetworkNames) { request.checkDuplicate = nil }
    return request
  }
}

extension ExecCreate {
  /// What the command can't be run without.
  public var needs: [EngineFeature] { workingDir == nil ? [] : [.execWorkingDir] }
}

extension EngineAbility {
  /// Says that a feature has no effect.
  func noEffect(of feature: EngineFeature) -> String { "\(lack(of: feature)): it has no effect" }

  /// What of a list the engine lacks, in words; nil where it has all.
  func refusal(of needs: [EngineFeature]) -> String? {
    needs.first { !has($0) }.map { lack(of: $0) }
  }
}
