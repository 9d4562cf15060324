import OrderedCollections
import YAML

/// One published port, ranges expanded (Compose specification, "ports").
public struct PublishedPort: Sendable, Equatable {
  /// `tcp`, `udp` or `sctp`.
  public var transport: String
  /// Port in the container, 1 to 65535.
  public var target: Int
  /// Host port or range `first-last`; nil lets the engine choose.
  public var published: String?
  /// Host address to bind; nil for all.
  public var hostIP: String?
  /// Where it stands.
  public var position: SourcePosition
  /// Makes a published port.
  public init(
    target: Int, published: String? = nil, hostIP: String? = nil, transport: String = "tcp",
    position: SourcePosition
  ) {
    self.target = target
    self.published = published
    self.hostIP = hostIP
    self.transport = transport
    self.position = position
  }
}

/// How a service joins one network.
public struct NetworkAttachment: Sendable, Equatable {
  /// Where it stands; nil for the implied `default`.
  public var position: SourcePosition?
  /// More names for the service on this network.
  public var aliases: [String]
  /// A fixed IPv4 address.
  public var ipv4Address: String?
  /// A fixed IPv6 address.
  public var ipv6Address: String?
  /// Link-local addresses.
  public var linkLocalIPs: [String]
  /// A fixed hardware address.
  public var macAddress: String?
  /// Order of connecting, highest first.
  public var priority: Int
  /// Whose gateway is the default one: the highest's.
  public var gatewayPriority: Int
  /// The interface's name in the container.
  public var interfaceName: String?
  /// Options for the network's driver.
  public var driverOptions: OrderedDictionary<String, String>
  /// Joins a network plainly.
  public init(position: SourcePosition? = nil) {
    self.position = position
    aliases = []
    ipv4Address = nil
    ipv6Address = nil
    linkLocalIPs = []
    macAddress = nil
    priority = 0
    gatewayPriority = 0
    driverOptions = [:]
  }
}

/// Whose namespace a service uses: `network_mode:`, `pid:`, `ipc:`.
public enum NamespaceMode: Sendable, Equatable {
  /// Another service of the project.
  case service(String)
  /// A container outside the project, by the name or ID Docker knows.
  case container(String)
  /// The host's.
  case host
  /// None.
  case none
  /// Any other word, which Docker takes as it is: `bridge`, `shareable`, `private`, a network's name.
  case other(String)
}

/// One entry of `links:`: a service, and the name by which it is known here.
public struct Link: Sendable, Equatable {
  /// The service, or the container for an external link.
  public var target: String
  /// The name here; the service's own where none is given.
  public var alias: String
  /// Makes a link.
  public init(target: String, alias: String) {
    self.target = target
    self.alias = alias
  }
}

/// One entry of `extra_hosts:`.
public struct ExtraHost: Sendable, Equatable {
  /// Where it stands.
  public var position: SourcePosition
  /// The host's name.
  public var host: String
  /// Its address, or `host-gateway`.
  public var address: String
  /// Makes a hosts entry.
  public init(host: String, address: String, position: SourcePosition) {
    self.host = host
    self.address = address
    self.position = position
  }
}
