import OrderedCollections
import YAML

/// A Compose project, read from files, interpolated, merged and validated (Compose specification,
/// "The Compose application model").
public struct Project: Sendable {
  /// The name set by `-p`, else the file's `name:`, else the normalized name of the project
  /// directory.
  public var name: String
  /// True if a file or the caller set the name; false if it is the directory's.
  public var isNameExplicit: Bool
  /// The directory that relative paths resolve against, absolute.
  public var workingDirectory: String
  /// The files of the project, in the order in which they were merged.
  public var files: [String]
  /// True for the format without `services:` (Compose 1), in which the default network is the
  /// bridge.
  public var isLegacy: Bool
  /// Services in the order of the file.
  public var services: OrderedDictionary<String, Service>
  /// Networks that services use or that the file declares, including `default` if it is used.
  public var networks: OrderedDictionary<String, Network>
  /// Named volumes.
  public var volumes: OrderedDictionary<String, Volume>
  /// Problems that don't prevent a start, such as an obsolete `version:`.
  public var warnings: [Located<String>]
  /// Errors of values that `config` prints but that prevent the creation of containers, such as an
  /// unknown restart policy.
  public var faults: [ComposeError] = []
  /// The values that contained unset variables; errors that result from them name the variables.
  public var unset = UnsetVariables()
  /// The services that no enabled profile selects, in the order of the file.
  public var disabledServices: [DisabledService] = []
  /// Keys without effect in a pod, each at its first position: keys for Docker Desktop, for swarms
  /// or for Windows.
  public var unhonoured: [Located<String>] = []
  /// Keys without a class (``KeyClass/never``), each at its first position.
  package var unclassified: [Located<String>] = []
  /// The position of `services:`, or the beginning of a file without it.
  public var servicesPosition: SourcePosition?
  /// The variables that were available to the files.
  package var environment: [String: String] = [:]
  /// The project as the tree that `config` prints.
  var canonical: YAMLNode

  /// Creates a project from its parts.
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

/// A service that no enabled profile selects (Compose specification, "Profiles").
public struct DisabledService: Sendable, Equatable {
  /// The service's name.
  public let name: String
  /// The service's profiles.
  public let profiles: [String]
  /// The position of its `profiles`.
  public let position: SourcePosition
}

/// One entry of the top-level `networks:` (Compose specification, "Networks").
public struct Network: Sendable, Equatable {
  /// The key under `networks:`.
  public var key: String
  /// The position in the file; nil for a `default` that the file doesn't mention.
  public var position: SourcePosition?
  /// The positions of its keys, by path: `ipam.config.0.subnet`.
  public var places: [String: SourcePosition] = [:]
  /// `name:`, if the file sets it; for an external network its name in Docker.
  public var name: Located<String>?
  /// True if the network exists outside the project and is neither created nor removed.
  public var isExternal = false
  /// The driver; nil for the engine's default.
  public var driver: String?
  /// Options for the driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// `internal:`: no route to the outside.
  public var isInternal = false
  /// `attachable:`.
  public var isAttachable = false
  /// `enable_ipv6:`; nil for the engine's default.
  public var enableIPv6: Bool?
  /// `enable_ipv4:`; nil for the engine's default.
  public var enableIPv4: Bool?
  /// Labels from the file.
  public var labels: OrderedDictionary<String, String> = [:]
  /// Address management; nil if the file doesn't set it.
  public var ipam: IPAM?

  /// A network with default settings.
  public init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}

/// `ipam:` of a network.
public struct IPAM: Sendable, Equatable {
  /// One address pool.
  public struct Pool: Sendable, Equatable {
    /// The subnet in CIDR notation.
    public var subnet: String?
    /// The range within the subnet for container addresses.
    public var ipRange: String?
    /// The gateway's address.
    public var gateway: String?
    /// Addresses reserved for the driver, by host name.
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
  /// The position in the file.
  public var position: SourcePosition?
  /// The positions of its keys, by path: `driver_opts.device`.
  public var places: [String: SourcePosition] = [:]
  /// `name:`, if the file sets it; for an external volume its name in Docker.
  public var name: Located<String>?
  /// True if the volume exists outside the project and is neither created nor removed.
  public var isExternal = false
  /// The driver; nil for `local`.
  public var driver: String?
  /// Options for the driver.
  public var driverOptions: OrderedDictionary<String, String> = [:]
  /// Labels from the file.
  public var labels: OrderedDictionary<String, String> = [:]

  /// A volume with default settings.
  public init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}
