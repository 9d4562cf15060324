/// The features that only newer versions of the Engine API have. This is the only table of them.
/// Code that depends on an engine's version calls `EngineAbility.has`. docs/reference/engines.md is
/// generated from this table.
package enum EngineFeature: String, CaseIterable, Sendable {
  // Refused without the feature.
  case deviceCgroupRules, startPeriod, endpointDriverOptions, privateIPC, execWorkingDir, sctp
  case unmaskedPaths, deviceRequests, nonRecursiveBind, privateCgroupNamespace, hostGateway
  case forcedReadOnly, addressOnOtherNetworks, volumeSubpath, imageMount, withoutIPv4, interfaceName
  // Worked around without the feature.
  case consistency, waitCondition, shareableIPC, pullPlatform, logsUntil, capabilityPrefix
  case hostCgroupNamespace, createPlatform, createMountpoint, writableSubmounts, endpointAddress
  case uniqueNetworkNames
  // Left out without the feature.
  case annotations, startInterval, gatewayPriority
  // Not reported without the feature.
  case tagTime, cgroupVersion

  /// The behavior with an engine whose API lacks a feature.
  package enum Fallback: String, Sendable {
    /// The executor refuses the pod before it creates anything, and names the line that needs the
    /// feature.
    case refused
    /// The executor gets the same result in another way.
    case workedAround = "worked around"
    /// The executor doesn't send it and prints a warning.
    case leftOut = "left out, with a warning"
    /// The engine doesn't report it.
    case notReported = "not reported"
  }

  /// A row of the table.
  struct Row {
    /// The name of the feature in messages.
    let subject: String
    /// The first minor version of API 1 that has the feature.
    let minor: Int
    let fallback: Fallback
    /// The behavior below that version. Empty if the feature is refused.
    let below: String

    init(_ subject: String, _ minor: Int, _ fallback: Fallback = .refused, _ below: String = "") {
      self.subject = subject
      self.minor = minor
      self.fallback = fallback
      self.below = below
    }
  }

  /// The name of the feature in messages.
  package var subject: String { row.subject }
  /// The first API version that has the feature.
  package var since: APIVersion { APIVersion(1, row.minor) }
  /// The kind of behavior below that version.
  package var fallback: Fallback { row.fallback }
  /// The behavior below that version, as text. Empty if the feature is refused.
  package var below: String { row.below }

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
        "a unique network name", 44, .workedAround,
        "the engine checks it on request (CheckDuplicate)")
    case .annotations:
      Row("annotations", 43, .leftOut, "the runtime does not receive them")
    case .startInterval:
      Row(
        "healthcheck.start_interval", 44, .leftOut, "the interval applies from the start")
    case .gatewayPriority:
      Row("gw_priority", 48, .leftOut, "the engine chooses the default gateway")
    case .tagTime:
      Row(
        "the time when an image was tagged", 31, .notReported,
        "with pull_policy daily, weekly and every_…, images are pulled at each launch")
    case .cgroupVersion:
      Row("the cgroup version", 41, .notReported, "it is 1, since such engines support no other")
    default: preconditionFailure("\(self) has no row")
    }
  }
}

/// The ability of an engine: the API version that is used with it.
package struct EngineAbility: Sendable, Equatable {
  /// The API version.
  package let version: APIVersion
  /// Whether DOCKER_API_VERSION keeps the version below the newest that engine and client support.
  package let isCapped: Bool

  /// Creates the ability of an engine.
  package init(_ version: APIVersion, isCapped: Bool = false) {
    self.version = version
    self.isCapped = isCapped
  }

  /// Whether the engine's API has a feature.
  package func has(_ feature: EngineFeature) -> Bool { version >= feature.since }

  /// A message that a feature is missing, with the first release of the engine that has it.
  package func lack(of feature: EngineFeature) -> String {
    let since = feature.since
    let own = isCapped ? "DOCKER_API_VERSION is \(version)" : "the engine has API \(version)"
    return "\(feature.subject) needs API \(since) (Docker \(since.engine)), \(own)"
  }
}
