// The features that a request requires, and how the request is changed for an engine that lacks
// some. A field that the engine's API doesn't have is never sent.

extension ContainerCreate {
  /// The features that the container requires.
  package var needs: [EngineFeature] {
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

  /// Adapts the request to an engine.
  ///
  /// - Parameter ability: The ability of the engine.
  /// - Returns: The request to send, and a line for each field that has no effect with this engine.
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

  /// Moves the MAC address to where the engine reads it. An older engine reads the container's
  /// address for the first network, a newer engine reads that of the network.
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
  /// The features that a container requires to join the network.
  ///
  /// - Parameter isFirst: Whether the container is created on this network.
  /// - Returns: The features.
  package func needs(isFirst: Bool) -> [EngineFeature] {
    var needs: [EngineFeature] = []
    let options = Set((driverOpts ?? [:]).keys)
    if options.contains(Self.interfaceName) { needs.append(.interfaceName) }
    if !options.subtracting([Self.interfaceName]).isEmpty { needs.append(.endpointDriverOptions) }
    if !isFirst, macAddress != nil { needs.append(.addressOnOtherNetworks) }
    return needs
  }

  /// Adapts the settings to an engine. `dropped` has a line for each setting that has no effect
  /// with this engine.
  func fitted(to ability: EngineAbility) -> (EndpointSettings, dropped: [String]) {
    var settings = self
    guard gwPriority != nil, !ability.has(.gatewayPriority) else { return (settings, []) }
    settings.gwPriority = nil
    return (settings, [ability.noEffect(of: .gatewayPriority)])
  }
}

extension NetworkCreate {
  /// The features that the network requires.
  package var needs: [EngineFeature] { enableIPv4 == false ? [.withoutIPv4] : [] }

  /// Adapts the request to an engine.
  func fitted(to ability: EngineAbility) -> NetworkCreate {
    var request = self
    if !ability.has(.withoutIPv4) { request.enableIPv4 = nil }
    if ability.has(.uniqueNetworkNames) { request.checkDuplicate = nil }
    return request
  }
}

extension ExecCreate {
  /// The features that the command requires.
  package var needs: [EngineFeature] { workingDir == nil ? [] : [.execWorkingDir] }
}

extension EngineAbility {
  /// A message that a feature has no effect.
  func noEffect(of feature: EngineFeature) -> String { "\(lack(of: feature)): it has no effect" }

  /// A message about the first feature in a list that the engine lacks. Nil if it has all of them.
  func refusal(of needs: [EngineFeature]) -> String? {
    needs.first { !has($0) }.map { lack(of: $0) }
  }
}
