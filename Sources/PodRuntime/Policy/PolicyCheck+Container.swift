import Compose
import DockerEngine
import OrderedCollections
import YAML

extension PolicyCheck {
  /// Refuses a create request that exceeds the policy.
  ///
  /// - Parameters:
  ///   - body: the request.
  ///   - container: the container of the request.
  ///   - own: the IDs of the pod's containers, to which it may refer.
  /// - Throws: `DiagnosticError` with the line of the request.
  func check(
    _ body: ContainerCreate, of container: ContainerPlan, own: Set<String>
  ) throws(DiagnosticError) {
    guard policy.isRestricted else { return }
    for key in ContainerCreate.CodingKeys.allCases {
      switch key {
      // The process, and the inside of the container.
      case .hostname, .domainname, .user, .attachStdout, .attachStderr, .exposedPorts, .tty,
        .openStdin,
        .env, .cmd, .entrypoint, .healthcheck, .workingDir, .stopSignal, .stopTimeout:
        break
      // Other programs of the host read labels; the contract's labels can't be set (PodPlanner).
      case .labels: break
      // The name is checked with the service, and the image when the engine has it.
      case .image: break
      // The executor sets none of these.
      case .volumes: try refuse(body.volumes != nil, "Volumes", container)
      case .shell: try refuse(body.shell != nil, "Shell", container)
      case .macAddress:
        if let address = body.macAddress {
          try check(hardwareAddress: address, on: body.hostConfig?.networkMode ?? "", of: container)
        }
      case .hostConfig:
        if let host = body.hostConfig { try check(host, of: container, own: own) }
      case .networkingConfig:
        for (network, settings) in body.networkingConfig?.endpointsConfig ?? [:] {
          try check(settings, on: network, of: container, own: own)
        }
      }
    }
  }

  /// Refuses a field that the executor never sets.
  func refuse(_ isSet: Bool, _ field: String, _ container: ContainerPlan) throws(DiagnosticError) {
    if isSet { throw policy.refusal(field, nil, at: container.service.position) }
  }

  /// Refuses settings of a container on a network that exceed the policy.
  func check(
    _ settings: EndpointSettings, on network: String, of container: ContainerPlan, own: Set<String>
  ) throws(DiagnosticError) {
    guard policy.isRestricted else { return }
    let service = container.service
    let position =
      service.locations["networks"] ?? service.networkMode?.position ?? service.position
    try check(network: network, at: position, as: "network \(network)")
    for key in EndpointSettings.CodingKeys.allCases {
      switch key {
      case .aliases, .gwPriority: break
      case .links: try check(links: settings.links, of: service, own: own)
      case .ipamConfig:
        guard let addresses = settings.ipamConfig else { continue }
        for key in EndpointIPAM.CodingKeys.allCases {
          let values =
            switch key {
            case .ipv4Address: addresses.ipv4Address.map { [$0] } ?? []
            case .ipv6Address: addresses.ipv6Address.map { [$0] } ?? []
            case .linkLocalIPs: addresses.linkLocalIPs ?? []
            }
          for value in values {
            try check(address: value, at: location(of: value, in: service) ?? position)
          }
        }
      case .macAddress:
        if let address = settings.macAddress {
          try check(hardwareAddress: address, on: network, of: container)
        }
      case .driverOpts:
        for name in (settings.driverOpts ?? [:]).keys.sorted()
        where name != EndpointSettings.interfaceName && !policy.allows(.networkDrivers) {
          throw policy.refusal("network option \(name)", .networkDrivers, at: position)
        }
      }
    }
  }

  /// The position of an address in a service.
  private func location(of address: String, in service: Service) -> SourcePosition? {
    for (name, attachment) in service.networks {
      for (key, value) in [
        ("ipv4_address", attachment.ipv4Address), ("ipv6_address", attachment.ipv6Address),
      ] where value == address { return service.locations["networks.\(name).\(key)"] }
      if attachment.linkLocalIPs.contains(address) {
        return service.locations["networks.\(name).link_local_ips"]
      }
    }
    return nil
  }

  /// On a network with other containers, a chosen hardware address can capture another container's
  /// traffic.
  private func check(
    hardwareAddress address: String, on network: String, of container: ContainerPlan
  ) throws(DiagnosticError) {
    if ownNetworks.contains(network) || network == "none" || policy.allows(.networks) { return }
    let service = container.service
    throw policy.refusal(
      "mac_address \(address) on network \(network.isEmpty ? "bridge" : network)", .networks,
      at: service.macAddress?.position ?? service.locations["networks"] ?? service.position)
  }

  /// A link to a container outside the pod copies that container's environment.
  func check(links: [String]?, of service: Service, own: Set<String>) throws(DiagnosticError) {
    for link in links ?? [] {
      let target = String(link.prefix { $0 != ":" })
      if own.contains(where: { $0 == target || (target.count == 12 && $0.hasPrefix(target)) }) {
        continue
      }
      if policy.allows(.hostNamespaces) { return }
      let position = service.externalLinks.first { $0.value.target == target }?.position
      throw policy.refusal(
        "external_links \(target)", .hostNamespaces, at: position ?? service.position)
    }
  }
}
