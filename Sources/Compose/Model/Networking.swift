import OrderedCollections
import YAML

/// A service's settings on one network.
package struct NetworkAttachment: Sendable, Equatable {
  /// The position in the file; nil for the implied `default`.
  package var position: SourcePosition?
  /// Additional names of the service on this network.
  package var aliases: [String] = []
  /// A fixed IPv4 address.
  package var ipv4Address: String?
  /// A fixed IPv6 address.
  package var ipv6Address: String?
  /// Link-local addresses.
  package var linkLocalIPs: [String] = []
  /// A fixed MAC address.
  package var macAddress: String?
  /// The order in which networks are connected, highest first.
  package var priority = 0
  /// The network with the highest value provides the default gateway.
  package var gatewayPriority = 0
  /// The interface's name in the container.
  package var interfaceName: String?
  /// Options for the network's driver.
  package var driverOptions: OrderedDictionary<String, String> = [:]
  /// Joins a network with default settings.
  package init(position: SourcePosition? = nil) {
    self.position = position
  }
}

/// The namespace that a service uses: `network_mode:`, `pid:`, `ipc:`.
package enum NamespaceMode: Sendable, Equatable {
  /// The namespace of another service of the project.
  case service(String)
  /// The namespace of a container outside the project, by name or ID.
  case container(String)
  /// The host's namespace.
  case host
  /// No namespace of this kind.
  case none
  /// Any other value, passed to Docker unchanged: `bridge`, `shareable`, `private`, a network's
  /// name.
  case other(String)
}

/// One entry of `links:`: a service and its alias.
package struct Link: Sendable, Equatable {
  /// The service, or the container for an external link.
  package var target: String
  /// The alias; the service's own name by default.
  package var alias: String
  /// Creates a link.
  package init(target: String, alias: String) {
    self.target = target
    self.alias = alias
  }
}

/// One entry of `extra_hosts:`.
package struct ExtraHost: Sendable, Equatable {
  /// The position in the file.
  package var position: SourcePosition
  /// The host name.
  package var host: String
  /// Its address, or `host-gateway`.
  package var address: String
  /// Creates an entry.
  package init(host: String, address: String, position: SourcePosition) {
    self.host = host
    self.address = address
    self.position = position
  }
}
