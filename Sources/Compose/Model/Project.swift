import OrderedCollections
import YAML

/// A Compose project: files read, interpolated, merged and checked (Compose specification,
/// "The Compose application model").
public struct Project: Sendable {
  /// The name given by `-p`, else the file's `name:`, else the project folder's, in Compose's form.
  public var name: String
  /// Whether a file, or the caller, set the name; false if it is the folder's.
  public var isNameExplicit: Bool
  /// The folder that relative paths resolve against, absolute.
  public var workingDirectory: String
  /// The files that it was read from, in the order they were merged.
  public var files: [String]
  /// True for the format without `services:` (Compose 1), where the default network is the bridge.
  public var isLegacy: Bool
  /// Services in the order of the file.
  public var services: OrderedDictionary<String, Service>
  /// Networks that services use or that the file declares, `default` among them where it is used.
  public var networks: OrderedDictionary<String, Network>
  /// Named volumes.
  public var volumes: OrderedDictionary<String, Volume>
  /// What deserves a word but no refusal, such as an obsolete `version:`.
  public var warnings: [Located<String>]
  /// What `config` prints but no container can be made of, such as a restart policy that isn't one.
  public var faults: [ComposeError] = []
  /// Where variables that are not set went into values, for the errors that follow from it.
  public var unset = UnsetVariables()
  /// The services that no enabled profile has, in the order of the file.
  public var disabledServices: [DisabledService] = []
  /// Keys that mean nothing to a pod, each where it first stands: a desktop's, a swarm's, or for Windows.
  public var unhonoured: [Located<String>] = []
  /// Keys that have no class (``KeyClass/never``), each where it first stands.
  package var unclassified: [Located<String>] = []
  /// Where `services:` stands, or the beginning of a file without it.
  public var servicesPosition: SourcePosition?
  /// The variables that its files saw.
  package var environment: [String: String] = [:]
  /// The same project as the tree that `config` prints.
  var canonical: YAMLNode

  /// Makes a project from its parts.
  public init(
    name: String, isNameExplicit: Bool, workingDirectory: String, files: [String], isLegacy: Bool,
    services: OrderedDictionary<String, Service>, networks: OrderedDictionary<String, Network>,
    volumes: OrderedDictionary<String, Volume>, warnings: [Located<String>], canonical: YAMLNode
  ) {
    self.name = name
    self.isNameExplicit = isNameExplicit
    self.workingDirectory = workingDirectory
    self.files = files
    self.isLegacy = isLegacy
    self.services = services
    self.networks = networks
    self.volumes = volumes
    self.warnings = warnings
    self.canonical = canonical
  }
}

/// A service that no enabled profile has (Compose specification, "Profiles").
public struct DisabledService: Sendable, Equatable {
  /// Its name.
  public let name: String
  /// Its profiles.
  public let profiles: [String]
  /// Where its `profiles` are.
  public let position: SourcePosition
}

/// One entry of the top-level `networks:` (Compose specification, "Networks").
public struct Network: Sendable, Equatable {
  /// The key under `networks:`.
  public var key: String
  /// Where it stands; nil for a `default` that the file doesn't mention.
  public var position: SourcePosition?
  /// Where its keys stand, by their path: `ipam.config.0.subnet`.
  public var places: [String: SourcePosition] = [:]
  /// `name:`, if the file sets one; for an external network the name that Docker knows.
  public var name: Located<String>?
  /// True if the network exists outside the project and is neither made nor removed.
  public var isExternal = false
  /// The driver; nil for the engine's default.
  public var driver: String?
  /// Options for the driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// `internal:`, no route to the outside.
  public var isInternal = false
  /// `attachable:`.
  public var isAttachable = false
  /// `enable_ipv6:`; nil for the engine's default.
  public var enableIPv6: Bool?
  /// `enable_ipv4:`; nil for the engine's default.
  public var enableIPv4: Bool?
  /// Labels from the file.
  public var labels: OrderedDictionary<String, String> = [:]
  /// Address management; nil if the file has none.
  public var ipam: IPAM?

  /// A network with nothing but its key.
  public init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}

/// `ipam:` of a network.
public struct IPAM: Sendable, Equatable {
  /// One address pool.
  public struct Pool: Sendable, Equatable {
    /// The subnet in CIDR form.
    public var subnet: String?
    /// Range within the subnet that containers' addresses come from.
    public var ipRange: String?
    /// The gateway's address.
    public var gateway: String?
    /// Addresses that the driver uses itself, by host name.
    public var auxAddresses: OrderedDictionary<String, String>
  }
  /// The IPAM driver; nil for the engine's default.
  public var driver: String?
  /// The pools, in order.
  public var pools: [Pool]
  /// Options for the IPAM driver.
  public var options: OrderedDictionary<String, String>
}

/// One entry of the top-level `volumes:` (Compose specification, "Volumes").
public struct Volume: Sendable, Equatable {
  /// The key under `volumes:`.
  public var key: String
  /// Where it stands.
  public var position: SourcePosition?
  /// Where its keys stand, by their path: `driver_opts.device`.
  public var places: [String: SourcePosition] = [:]
  /// `name:`, if the file sets one; for an external volume the name that Docker knows.
  public var name: Located<String>?
  /// True if the volume exists outside the project and is neither made nor removed.
  public var isExternal = false
  /// The driver; nil for `local`.
  public var driver: String?
  /// Options for the driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// Labels from the file.
  public var labels: OrderedDictionary<String, String> = [:]

  /// A volume with nothing but its key.
  public init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}
