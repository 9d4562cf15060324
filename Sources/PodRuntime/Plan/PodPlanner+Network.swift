import Compose
import DockerEngine
import OrderedCollections
import YAML

extension PodPlanner {
  /// Connects a service to its networks.
  ///
  /// - Returns: all networks except the first, which is in the create request.
  func network(
    _ service: Service, in body: inout ContainerCreate, _ host: inout HostConfig
  ) throws(DiagnosticError) -> [(network: String, settings: EndpointSettings)] {
    var hosts: [String] = []
    if sharing.owners[service.name] == nil {
      hosts = service.extraHosts.map { "\($0.host):\($0.address)" }
    }
    hosts += sharing.hosts[service.name] ?? []
    host.extraHosts = hosts.isEmpty ? nil : hosts
    host.dns = service.dns.isEmpty ? nil : service.dns
    host.dnsOptions = service.dnsOptions.isEmpty ? nil : service.dnsOptions
    host.dnsSearch = service.dnsSearch.isEmpty ? nil : service.dnsSearch
    let external = service.externalLinks.map { "\($0.value.target):\($0.value.alias)" }
    if !external.isEmpty { host.links = external }
    guard service.networkMode == nil else {
      body.macAddress = service.macAddress?.value
      return []
    }
    // Compose's order: the highest priority first, then by name.
    var attachments = service.networks
    // With an empty `network_mode`, the file's default network isn't added, and there is no mode
    // either. As in Compose, the service joins the default network if other services create it.
    if attachments.isEmpty, networkNames["default"] != nil {
      attachments["default"] = NetworkAttachment(position: nil)
    }
    var ordered = attachments.sorted { first, second in
      if first.value.priority != second.value.priority {
        return first.value.priority > second.value.priority
      }
      return first.key < second.key
    }
    if let address = service.macAddress, let first = ordered.first {
      if let other = first.value.macAddress, other != address.value {
        throw DiagnosticError(
          "`mac_address` of the network `\(first.key)` is different: remove one of the two",
          at: address.position)
      }
      ordered[0].value.macAddress = address.value
    }
    var endpoints = ordered.map { key, attachment in
      (
        network: networkNames[key] ?? key,
        settings: endpoint(attachment, of: service, links: external)
      )
    }
    endpoints = Self.merged(endpoints)
    guard let first = endpoints.first else {
      host.networkMode = "none"
      return []
    }
    host.networkMode = first.network
    body.networkingConfig = NetworkingConfig(endpointsConfig: [first.network: first.settings])
    return Array(endpoints.dropFirst())
  }

  /// A container joins a network once, even if the file has several keys for it. The settings are
  /// those of the first key, the aliases those of all keys.
  private static func merged(
    _ endpoints: [(network: String, settings: EndpointSettings)]
  ) -> [(network: String, settings: EndpointSettings)] {
    var merged: [(network: String, settings: EndpointSettings)] = []
    for (network, settings) in endpoints {
      guard let index = merged.firstIndex(where: { $0.network == network }) else {
        merged.append((network, settings))
        continue
      }
      let aliases = (merged[index].settings.aliases ?? []) + (settings.aliases ?? [])
      merged[index].settings.aliases = Array(OrderedSet(aliases))
    }
    return merged
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
    settings.gwPriority = attachment.gatewayPriority == 0 ? nil : attachment.gatewayPriority
    var options = Dictionary(attachment.driverOptions)
    if let name = attachment.interfaceName { options[EndpointSettings.interfaceName] = name }
    settings.driverOpts = options.isEmpty ? nil : options
    return settings
  }

  /// Exposes and publishes a service's ports.
  func publish(
    _ ports: [AssignedPort], of service: Service, in body: inout ContainerCreate,
    _ host: inout HostConfig
  ) {
    // A container in the namespace of another one has no ports of its own, and Docker refuses a
    // request with any.
    guard sharing.owners[service.name] == nil else { return }
    if case .container? = service.networkMode?.value { return }
    var exposed = Set(service.expose.map(\.description))
    var bindings: [String: [PortBinding]] = [:]
    for assigned in ports {
      let key = "\(assigned.port.container)"
      exposed.insert(key)
      bindings[key, default: []].append(
        PortBinding(hostIP: assigned.port.hostIP, hostPort: "\(assigned.host)"))
    }
    body.exposedPorts = exposed.isEmpty ? nil : KeySet(exposed)
    host.portBindings = bindings.isEmpty ? nil : bindings
  }
}

extension Network {
  /// Refuses a network with the name of another key's network, unless its settings are the same or
  /// empty.
  ///
  /// - Parameters:
  ///   - first: the create request of the other key.
  ///   - own: the create request of this one.
  /// - Throws: `DiagnosticError` with the line of its name.
  func checkIsSame(_ first: NetworkCreate, _ own: NetworkCreate) throws(DiagnosticError) {
    var own = own
    own.labels = first.labels
    var nothing = NetworkCreate(name: own.name)
    nothing.labels = first.labels
    guard own != first, own != nothing else { return }
    throw DiagnosticError(
      "the network `\(key)` has the name of another network, but other settings: change one of them",
      at: name?.position ?? position)
  }
}
