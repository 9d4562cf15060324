extension ContainerCreate {
  /// The request as an engine of a version takes it, and what is lost on the way.
  ///
  /// - Parameter version: the agreed API version.
  /// - Returns: the request to send, and a line for each field that an engine of that version drops in silence.
  func fitted(to version: APIVersion) -> (ContainerCreate, dropped: [String]) {
    var request = self
    var dropped: [String] = []
    // Before 1.44 the container's address counts, since then its first network's.
    if let mode = hostConfig?.networkMode {
      let address = networkingConfig?.endpointsConfig?[mode]?.macAddress
      if version < APIVersion(1, 44) {
        request.macAddress = macAddress ?? address
      } else if let own = macAddress {
        request.macAddress = nil
        var endpoints = networkingConfig?.endpointsConfig ?? [:]
        endpoints[mode, default: EndpointSettings()].macAddress = own
        request.networkingConfig = NetworkingConfig(endpointsConfig: endpoints)
      }
    }
    func drop(_ isAsked: Bool, _ what: String, since needed: APIVersion) {
      guard isAsked, version < needed else { return }
      dropped.append("\(what) needs API \(needed), the engine speaks \(version): it has no effect")
    }
    drop(hostConfig?.annotations != nil, "annotations", since: APIVersion(1, 43))
    drop(
      healthcheck?.startInterval ?? 0 != 0, "healthcheck.start_interval", since: APIVersion(1, 44))
    for endpoint in (networkingConfig?.endpointsConfig ?? [:]).values {
      dropped += endpoint.dropped(by: version)
    }
    return (request, dropped)
  }

  /// Why an engine of a version can't make this container; nil if it can.
  func refusal(by version: APIVersion) -> String? {
    func needs(_ what: String, _ needed: APIVersion) -> String? {
      version < needed ? "\(what) needs API \(needed), the engine speaks \(version)" : nil
    }
    for mount in hostConfig?.mounts ?? [] {
      if mount.type == "image", let refusal = needs("a mount of type image", APIVersion(1, 48)) {
        return refusal
      }
      if mount.volumeOptions?.subpath != nil,
        let refusal = needs("a volume's subpath", APIVersion(1, 45))
      {
        return refusal
      }
    }
    return (networkingConfig?.endpointsConfig ?? [:]).values
      .compactMap { $0.refusal(by: version, isFirst: true) }.first
  }
}

extension EndpointSettings {
  /// What an engine of a version drops in silence, a line each.
  func dropped(by version: APIVersion) -> [String] {
    guard gwPriority != nil, version < APIVersion(1, 48) else { return [] }
    return ["gw_priority needs API 1.48, the engine speaks \(version): it has no effect"]
  }

  /// Why an engine of a version can't join a container to a network in this way.
  ///
  /// - Parameters:
  ///   - version: the agreed API version.
  ///   - isFirst: whether it is the network that the container is created on.
  /// - Returns: nil if it can.
  func refusal(by version: APIVersion, isFirst: Bool) -> String? {
    if driverOpts?[Self.interfaceName] != nil, version < APIVersion(1, 49) {
      return "interface_name needs API 1.49, the engine speaks \(version)"
    }
    if !isFirst, macAddress != nil, version < APIVersion(1, 44) {
      return "mac_address on a network that isn't the container's first needs API 1.44, the engine "
        + "speaks \(version)"
    }
    return nil
  }
}
