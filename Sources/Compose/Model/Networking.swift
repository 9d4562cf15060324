import OrderedCollections
import YAML

/// How a service joins one network.
public struct NetworkAttachment: Sendable, Equatable {
  /// Where it stands; nil for the implied `default`.
  public var position: SourcePosition?
  /// More names for the service on this network.
  public var aliases: [String] = []
  /// A fixed IPv4 address.
  public var ipv4Address: String?
  /// A fixed IPv6 address.
  public var ipv6Address: String?
  /// Link-local addresses.
  public var linkLocalIPs: [String] = []
  /// A fixed hardware address.
  public var macAddress: String?
  /// Order of connecting, highest first.
  public var priority = 0
  /// Whose gateway is the default one: the highest's.
  public var gatewayPriority = 0
  /// The interface's name in the container.
  public var interfaceName: String?
  /// Options for the network's driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// Joins a network plainly.
  public init(position: SourcePosition? = nil) {
    self.position = position
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
