/// The features that only newer versions of the Engine API have: the only table of them. Code that
/// depends on an engine's version calls `EngineAbility.has`. docs/reference/engines.md is generated
/// from this table.
public enum EngineFeature: String, CaseIterable, Sendable {
  // What a file needs.
  case deviceCgroupRules, startPeriod, endpointDriverOptions, privateIPC, execWorkingDir, sctp
  case unmaskedPaths, deviceRequests, nonRecursiveBind, privateCgroupNamespace, hostGateway
  case forcedReadOnly, addressOnOtherNetworks, volumeSubpath, imageMount, withoutIPv4, interfaceName
  // What is done in another way.
  case consistency, waitCondition, shareableIPC, pullPlatform, logsUntil, capabilityPrefix
  case hostCgroupNamespace, createPlatform, createMountpoint, writableSubmounts, endpointAddress
  case uniqueNetworkNames
  // What has no effect.
  case annotations, startInterval, gatewayPriority
  // What the engine doesn't report.
  case tagTime, cgroupVersion

  /// What happens with an engine whose API lacks it.
  public enum Fallback: String, Sendable {
    /// The pod is refused before anything is created, with the line that needs it.
    case refused
    /// The same is had in another way.
    case workedAround = "worked around"
    /// It isn't sent, and a warning says so.
    case leftOut = "left out, with a warning"
    /// The engine doesn't report it.
    case notReported = "not reported"
  }

  /// A row of the table.
  struct Row {
    /// What it is, as messages name it.
    let subject: String
    /// The minor version of API 1 that has it first.
    let minor: Int
    let fallback: Fallback
    /// What is done below that version; empty for what is refused.
    let below: String

    init(_ subject: String, _ minor: Int, _ fallback: Fallback = .refused, _ below: String = "") {
      self.subject = subject
      self.minor = minor
      self.fallback = fallback
      self.below = below
    }
  }

  /// What it is, as messages name it.
  public var subject: String { row.subject }
  /// The first API version that has it.
  public var since: APIVersion { APIVersion(1, row.minor) }
  /// What happens below that version.
  public var fallback: Fallback { row.fallback }
  /// What is done below that version, for people; empty for what is refused.
  public var below: String { row.below }

  var row: Row {
    switch self {
    case .deviceCgroupRules: Row("device_cgroup_rules", 28)
    case .startPeriod: Row("healthcheck.start_period", 29)
    case .privateIPC: Row("ipc private or none", 32)
    case .endpointDriverOptions: Row("driver_opts of a service's network", 30)
    case .execWorkingDir: Row("the working_dir of a hook in a container", 35)
    case .sctp: Row("an SCTP port", 37)
    case .unmaskedPaths: Row("security_opt systempaths=unconfined", 38)
    case .deviceRequests: Row("a device of a driver, such as a GPU,", 40)
    case .nonRecursiveBind: Row("a bind mount with recursive: disabled", 40)
    case .privateCgroupNamespace: Row("cgroup private", 41)
    case .hostGateway: Row("host-gateway in extra_hosts", 41)
    case .forcedReadOnly: Row("a bind mount with recursive: readonly", 44)
    case .addressOnOtherNetworks:
      Row("mac_address on a network that isn't the container's first", 44)
    case .volumeSubpath: Row("a volume's subpath", 45)
    case .imageMount: Row("a mount of type image", 48)
    case .withoutIPv4: Row("enable_ipv4: false", 48)
    case .interfaceName: Row("interface_name", 49)
    default: alternative
    }
  }

  private var alternative: Row {
    switch self {
    case .consistency:
      Row(
        "consistency of a mount", 28, .workedAround,
        "not sent; it is a hint for desktops without effect on Linux")
    case .waitCondition:
      Row(
        "the condition of a wait", 30, .workedAround,
        "not sent; the engine responds when the container has exited, and the executor waits")
    case .shareableIPC:
      Row("ipc shareable", 32, .workedAround, "not sent; every container has it")
    case .pullPlatform:
      Row(
        "the platform of a pull", 32, .workedAround,
        "the engine's own platform is pulled, and checked when the container is created")
    case .logsUntil:
      Row(
        "until of the logs", 35, .workedAround, "the executor compares the times of the lines"
      )
    case .capabilityPrefix:
      Row("CAP_ before a capability's name", 40, .workedAround, "sent without the prefix")
    case .hostCgroupNamespace:
      Row("cgroup host", 41, .workedAround, "not sent; every container has the host's")
    case .createPlatform:
      Row(
        "the platform of a container", 41, .workedAround,
        "not sent; the executor inspects the image, and refuses one for another platform")
    case .createMountpoint:
      Row(
        "create_host_path of a bind mount in the long form", 42, .workedAround,
        "not sent; the directory must exist, as under Docker Compose")
    case .writableSubmounts:
      Row(
        "a bind mount with recursive: writable", 44, .workedAround,
        "not sent; mounts below a read-only mount are writable in any case")
    case .endpointAddress:
      Row(
        "mac_address of the container's first network", 44, .workedAround,
        "sent as the container's address as well")
    case .uniqueNetworkNames:
      Row(
        "one network of a name", 44, .workedAround,
        "the engine checks it on request (CheckDuplicate)")
    case .annotations:
      Row("annotations", 43, .leftOut, "the runtime does not get them")
    case .startInterval:
      Row(
        "healthcheck.start_interval", 44, .leftOut, "the interval applies from the start")
    case .gatewayPriority:
      Row("gw_priority", 48, .leftOut, "the engine chooses the default gateway")
    case .tagTime:
      Row(
        "the time when an image got its name", 31, .notReported,
        "with pull_policy daily, weekly and every_…, images are pulled at each launch")
    case .cgroupVersion:
      Row("the cgroup version", 41, .notReported, "it is 1, since such engines support no other")
    default: preconditionFailure("\(self) has no row")
    }
  }
}

/// What an engine can do: the API version that is used with it.
public struct EngineAbility: Sendable, Equatable {
  /// The API version.
  public let version: APIVersion
  /// Whether DOCKER_API_VERSION keeps it below what both know.
  public let isCapped: Bool

  /// An engine's ability.
  public init(_ version: APIVersion, isCapped: Bool = false) {
    self.version = version
    self.isCapped = isCapped
  }

  /// Whether its API has a feature.
  public func has(_ feature: EngineFeature) -> Bool { version >= feature.since }

  /// Says that a feature is missing, and which engine has it.
  public func lack(of feature: EngineFeature) -> String {
    let since = feature.since
    let own = isCapped ? "DOCKER_API_VERSION is \(version)" : "the engine speaks \(version)"
    return "\(feature.subject) needs API \(since) (Docker \(since.engine)), \(own)"
  }
}
