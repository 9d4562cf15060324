import OrderedCollections
import YAML

/// A service's settings on one network.
public struct NetworkAttachment: Sendable, Equatable {
  /// The position in the file; nil for the implied `default`.
  public var position: SourcePosition?
  /// Additional names of the service on this network.
  public var aliases: [String] = []
  /// A fixed IPv4 address.
  public var ipv4Address: String?
  /// A fixed IPv6 address.
  public var ipv6Address: String?
  /// Link-local addresses.
  public var linkLocalIPs: [String] = []
  /// A fixed MAC address.
  public var macAddress: String?
  /// The order in which networks are connected, highest first.
  public var priority = 0
  /// The network with the highest value provides the default gateway.
  public var gatewayPriority = 0
  /// The interface's name in the container.
  public var interfaceName: String?
  /// Options for the network's driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// Joins a network with default settings.
  public init(position: SourcePosition? = nil) {
    self.position = position
  }
}

/// The namespace that a service uses: `network_mode:`, `pid:`, `ipc:`.
public enum NamespaceMode: Sendable, Equatable {
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
public struct Link: Sendable, Equatable {
  /// The service, or the container for an external link.
  public var target: String
  /// The alias; the service's own name by default.
  public var alias: String
  /// Creates a link.
  public init(target: String, alias: String) {
    self.target = target
    self.alias = alias
  }
}

/// One entry of `extra_hosts:`.
public struct ExtraHost: Sendable, Equatable {
  /// The position in the file.
  public var position: SourcePosition
  /// The host name.
  public var host: String
  /// Its address, or `host-gateway`.
  public var address: String
  /// Creates an entry.
  public init(host: String, address: String, position: SourcePosition) {
    self.host = host
    self.address = address
    self.position = position
  }
}
