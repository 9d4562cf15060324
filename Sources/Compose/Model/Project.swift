import OrderedCollections
import YAML

/// A Compose project, read from files, interpolated, merged and validated (Compose specification,
/// "The Compose application model").
package struct Project: Sendable {
  /// The name set by `-p`, else the file's `name:`, else the normalized name of the project
  /// directory.
  package var name: String
  /// True if a file or the caller set the name; false if it is the directory's.
  package var isNameExplicit: Bool
  /// The directory that relative paths resolve against, absolute.
  package var workingDirectory: String
  /// The files of the project, in the order in which they were merged.
  package var files: [String]
  /// True for the format without `services:` (Compose 1), in which the default network is the
  /// bridge.
  package var isLegacy: Bool
  /// Services in the order of the file.
  package var services: OrderedDictionary<String, Service>
  /// Networks that services use or that the file declares, including `default` if it is used.
  package var networks: OrderedDictionary<String, Network>
  /// Named volumes.
  package var volumes: OrderedDictionary<String, Volume>
  /// Problems that don't prevent a start, such as an obsolete `version:`.
  package var warnings: [Located<String>]
  /// Errors of values that `config` prints but that prevent the creation of containers, such as an
  /// unknown restart policy.
  package var faults: [DiagnosticError] = []
  /// The values that contained unset variables; errors that result from them name the variables.
  package var unset = UnsetVariables()
  /// The services that no enabled profile selects, in the order of the file.
  package var disabledServices: [DisabledService] = []
  /// Keys without effect in a pod, each at its first position: keys for Docker Desktop, for swarms
  /// or for Windows.
  package var unhonoured: [Located<String>] = []
  /// Keys without a class (``KeyClass/never``), each at its first position.
  package var unclassified: [Located<String>] = []
  /// The position of `services:`, or the beginning of a file without it.
  package var servicesPosition: SourcePosition?
  /// The variables that were available to the files.
  package var environment: [String: String] = [:]
  /// The project as the tree that `config` prints.
  var canonical: YAMLNode

  /// Creates a project from its parts.
  package init(
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
package struct DisabledService: Sendable, Equatable {
  /// The service's name.
  package let name: String
  /// The service's profiles.
  package let profiles: [String]
  /// The position of its `profiles`.
  package let position: SourcePosition
}

/// One entry of the top-level `networks:` (Compose specification, "Networks").
package struct Network: Sendable, Equatable {
  /// The key under `networks:`.
  package var key: String
  /// The position in the file; nil for a `default` that the file doesn't mention.
  package var position: SourcePosition?
  /// The positions of its keys, by path: `ipam.config.0.subnet`.
  package var locations: [String: SourcePosition] = [:]
  /// `name:`, if the file sets it; for an external network its name in Docker.
  package var name: Located<String>?
  /// True if the network exists outside the project and is neither created nor removed.
  package var isExternal = false
  /// The driver; nil for the engine's default.
  package var driver: String?
  /// Options for the driver.
  package var driverOptions: OrderedDictionary<String, String> = [:]
  /// `internal:`: no route to the outside.
  package var isInternal = false
  /// `attachable:`.
  package var isAttachable = false
  /// `enable_ipv6:`; nil for the engine's default.
  package var enableIPv6: Bool?
  /// `enable_ipv4:`; nil for the engine's default.
  package var enableIPv4: Bool?
  /// Labels from the file.
  package var labels: OrderedDictionary<String, String> = [:]
  /// Address management; nil if the file doesn't set it.
  package var ipam: IPAM?

  /// A network with default settings.
  package init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}

/// `ipam:` of a network.
package struct IPAM: Sendable, Equatable {
  /// One address pool.
  package struct Pool: Sendable, Equatable {
    /// The subnet in CIDR notation.
    package var subnet: String?
    /// The range within the subnet for container addresses.
    package var ipRange: String?
    /// The gateway's address.
    package var gateway: String?
    /// Addresses reserved for the driver, by host name.
    package var auxAddresses: OrderedDictionary<String, String>
  }
  /// The IPAM driver; nil for the engine's default.
  package var driver: String?
  /// The pools, in order.
  package var pools: [Pool]
  /// Options for the IPAM driver.
  package var options: OrderedDictionary<String, String>
}

/// One entry of the top-level `volumes:` (Compose specification, "Volumes").
package struct Volume: Sendable, Equatable {
  /// The key under `volumes:`.
  package var key: String
  /// The position in the file.
  package var position: SourcePosition?
  /// The positions of its keys, by path: `driver_opts.device`.
  package var locations: [String: SourcePosition] = [:]
  /// `name:`, if the file sets it; for an external volume its name in Docker.
  package var name: Located<String>?
  /// True if the volume exists outside the project and is neither created nor removed.
  package var isExternal = false
  /// The driver; nil for `local`.
  package var driver: String?
  /// Options for the driver.
  package var driverOptions: OrderedDictionary<String, String> = [:]
  /// Labels from the file.
  package var labels: OrderedDictionary<String, String> = [:]

  /// A volume with default settings.
  package init(key: String, position: SourcePosition? = nil) {
    self.key = key
    self.position = position
  }
}
