import Compose
import OrderedCollections
import YAML

/// A project whose services share namespaces of an infrastructure container, as if each of them had
/// `network_mode: service:` and `pid: service:`.
///
/// The infrastructure container is an additional service, on which all others depend. It starts
/// first and stops last. It gets the settings that Docker accepts only for a namespace's owner:
/// published ports, hosts entries, name servers and host name.
struct InfraContainerRewrite {
  /// The name of the infrastructure container's service.
  let infra: String
  /// The project, with the infrastructure container's service first.
  let project: Project
  /// Warnings about settings of services that have no effect in a shared namespace.
  let warnings: [String]

  /// Rewrites a project.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - options: the pod's options. If they share no namespaces, the result is nil.
  /// - Throws: `DiagnosticError` with the line of a service that can't join the namespaces.
  init?(_ project: Project, options: PodOptions) throws(DiagnosticError) {
    guard options.needsInfra else { return nil }
    var name = "infra"
    while project.services[name] != nil { name = "pod-" + name }
    infra = name
    var infra = Service(
      name: name,
      position: SourcePosition(file: project.files.first ?? "-", line: 1, column: 1))
    infra.networkMode = Located(Compose.NamespaceMode.none, at: infra.position)
    var services = Array(project.services.values)
    var ignored: [String] = []
    if let network = options.sharedNetwork {
      infra.networkMode = Located(.other(network), at: infra.position)
      try Self.checkPorts(of: services)
      try Self.checkHosts(of: services)
      for index in services.indices {
        try Self.join(&services[index], to: &infra, ignored: &ignored)
      }
      Self.name(services: project.services.values, on: &infra)
    }
    if options.sharesPID {
      for index in services.indices { try Self.join(pidOf: &services[index], to: infra) }
    }
    for index in services.indices { Self.follow(&services[index], options) }
    var shared = project
    shared.services = [name: infra]
    for service in services { shared.services[service.name] = service }
    self.project = shared
    warnings =
      ignored.isEmpty
      ? []
      : [
        "in the pod's shared network namespace these keys have no effect: \(ignored.joined(separator: ", "))"
      ]
  }

  /// Puts the `pre_start` hooks of a service into the service's namespaces.
  private static func follow(_ service: inout Service, _ options: PodOptions) {
    for index in service.preStart.indices {
      if options.sharedNetwork != nil {
        service.preStart[index].networks = [:]
        service.preStart[index].networkMode = service.networkMode
      }
      if options.sharesPID { service.preStart[index].pid = service.pid }
    }
  }

  // MARK: The network

  private static func join(
    _ service: inout Service, to infra: inout Service, ignored: inout [String]
  ) throws(DiagnosticError) {
    var position = service.position
    if let mode = service.networkMode {
      position = mode.position
      switch mode.value {
      case .host, .none, .container:
        throw DiagnosticError(
          "service '\(service.name)' has network_mode \(mode.value.word), and the pod's services share one "
            + "network namespace (share: net): remove one of them", at: mode.position)
      case .other(let word) where word != "bridge" && word != "default":
        ignored.append("network_mode of '\(service.name)' (\(mode.position))")
      case .other, .service: break
      }
    }
    if let attachment = service.networks.values.compactMap(\.position).first {
      ignored.append("networks of '\(service.name)' (\(attachment))")
    }
    if let hostname = service.hostname {
      if infra.hostname == nil {
        infra.hostname = hostname
        infra.domainname = service.domainname
      } else if infra.hostname?.value != hostname.value {
        ignored.append("hostname of '\(service.name)' (\(hostname.position))")
      }
    }
    infra.dns = Array(OrderedSet(infra.dns + service.dns))
    infra.dnsSearch = Array(OrderedSet(infra.dnsSearch + service.dnsSearch))
    infra.dnsOptions = Array(OrderedSet(infra.dnsOptions + service.dnsOptions))
    moveNetwork(of: &service, to: &infra, ignored: &ignored)
    infra.externalLinks += service.externalLinks
    infra.expose = Array(OrderedSet(infra.expose + service.expose))
    service.networks = [:]
    service.ports = []
    service.expose = []
    service.externalLinks = []
    service.hostname = nil
    service.domainname = nil
    service.dns = []
    service.dnsSearch = []
    service.dnsOptions = []
    service.networkMode = Located(.service(infra.name), at: position)
  }

  /// Moves the settings of the network namespace to its owner: the hardware address and `net.`
  /// sysctls.
  private static func moveNetwork(
    of service: inout Service, to infra: inout Service, ignored: inout [String]
  ) {
    if let address = service.macAddress {
      if infra.macAddress == nil {
        infra.macAddress = address
      } else if infra.macAddress?.value != address.value {
        ignored.append("mac_address of '\(service.name)' (\(address.position))")
      }
      service.macAddress = nil
    }
    for (name, value) in service.resources.sysctls where name.hasPrefix("net.") {
      if let other = infra.resources.sysctls[name], other != value {
        ignored.append("the sysctl \(name) of '\(service.name)' (\(service.position))")
      } else {
        infra.resources.sysctls[name] = value
      }
      service.resources.sysctls[name] = nil
    }
  }

  /// Adds the names that services have on their networks, in addition to those of every shared
  /// namespace.
  private static func name(services: some Sequence<Service>, on infra: inout Service) {
    let given = Set(services.flatMap { $0.extraHosts.map(\.host) })
    var names: OrderedSet<String> = []
    for service in services {
      for attachment in service.networks.values { names.append(contentsOf: attachment.aliases) }
      if let hostname = service.hostname { names.append(hostname.value) }
    }
    for name in names where !given.contains(name) {
      infra.extraHosts.append(
        ExtraHost(host: name, address: "127.0.0.1", position: infra.position))
    }
  }

  /// Only one process can listen on a port of a namespace.
  private static func checkPorts(of services: [Service]) throws(DiagnosticError) {
    var users: [ContainerPort: (service: String, position: SourcePosition)] = [:]
    for service in services {
      if service.containers > 1, let port = service.ports.first {
        throw DiagnosticError(
          "service '\(service.name)' has \(service.containers) containers that publish a port: in the pod's one network "
            + "namespace (share: net) only one can listen on it", at: port.position)
      }
      for port in service.ports {
        if let other = users[port.container], other.service != service.name {
          throw DiagnosticError(
            "service '\(service.name)' publishes its port \(port.container), and so does '\(other.service)' "
              + "(\(other.position)): in the pod's one network namespace (share: net) only one can listen on it",
            at: port.position)
        }
        users[port.container] = (service.name, port.position)
      }
    }
  }

  /// A host name has one address per namespace.
  private static func checkHosts(of services: [Service]) throws(DiagnosticError) {
    var hosts: [String: (service: String, addresses: Set<String>)] = [:]
    for service in services {
      for (host, entries) in Dictionary(grouping: service.extraHosts, by: \.host) {
        let addresses = Set(entries.map(\.address))
        if let other = hosts[host], other.addresses != addresses {
          throw DiagnosticError(
            "service '\(service.name)' gives the host '\(host)' another address than '\(other.service)' does: "
              + "in the pod's one network namespace (share: net) it has one",
            at: entries[0].position)
        }
        hosts[host] = (service.name, addresses)
      }
    }
  }

  // MARK: Processes

  private static func join(pidOf service: inout Service, to infra: Service) throws(DiagnosticError)
  {
    if let mode = service.pid {
      switch mode.value {
      case .host, .container:
        throw DiagnosticError(
          "service '\(service.name)' has pid \(mode.value.word), and the pod's services share one pid "
            + "namespace (share: pid): remove one of them", at: mode.position)
      case .service, .none, .other: break
      }
    }
    service.pid = Located(.service(infra.name), at: service.pid?.position ?? service.position)
  }
}
