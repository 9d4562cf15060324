/// A release of Mesos, as far as its executor API differs from that of others.
package struct MesosVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The major version, which is 1.
  package let major: Int
  /// The minor version, 0 to 11.
  package let minor: Int

  /// Creates a release from its major and minor version.
  package init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// The last release.
  package static let latest = MesosVersion(1, 11)

  /// Whether a release is older than another.
  package static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  /// `1.11.0`
  package var description: String { "\(major).\(minor).0" }

  /// Up to 1.4, an unknown enum name invalidates the whole call. From 1.5 on, such a field counts
  /// as absent unless it is required (3rdparty/stout/include/stout/protobuf.hpp, `Parser`).
  var refusesUnknownEnums: Bool { self < MesosVersion(1, 5) }

  /// The task states of include/mesos/v1/mesos.proto, `TaskState`.
  var taskStates: Set<String> {
    var states: Set = [
      "TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_FINISHED",
      "TASK_FAILED",
      "TASK_KILLED", "TASK_ERROR", "TASK_LOST",
    ]
    if self >= MesosVersion(1, 1) {
      states.formUnion([
        "TASK_DROPPED", "TASK_UNREACHABLE", "TASK_GONE", "TASK_GONE_BY_OPERATOR", "TASK_UNKNOWN",
      ])
    }
    return states
  }

  /// The reasons of include/mesos/v1/mesos.proto, `TaskStatus.Reason`, up to this release.
  var reasons: Set<String> {
    Set(Self.reasonsByVersion.filter { $0.version <= self }.flatMap(\.names))
  }

  private static let reasonsByVersion: [(version: MesosVersion, names: [String])] = [
    (
      MesosVersion(1, 0),
      [
        "REASON_AGENT_DISCONNECTED", "REASON_AGENT_REMOVED", "REASON_AGENT_RESTARTED",
        "REASON_AGENT_UNKNOWN", "REASON_COMMAND_EXECUTOR_FAILED", "REASON_CONTAINER_LAUNCH_FAILED",
        "REASON_CONTAINER_LIMITATION", "REASON_CONTAINER_LIMITATION_DISK",
        "REASON_CONTAINER_LIMITATION_MEMORY", "REASON_CONTAINER_PREEMPTED",
        "REASON_CONTAINER_UPDATE_FAILED", "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
        "REASON_EXECUTOR_REREGISTRATION_TIMEOUT", "REASON_EXECUTOR_TERMINATED",
        "REASON_EXECUTOR_UNREGISTERED", "REASON_FRAMEWORK_REMOVED", "REASON_GC_ERROR",
        "REASON_INVALID_FRAMEWORKID", "REASON_INVALID_OFFERS", "REASON_MASTER_DISCONNECTED",
        "REASON_RECONCILIATION", "REASON_RESOURCES_UNKNOWN", "REASON_TASK_INVALID",
        "REASON_TASK_UNAUTHORIZED", "REASON_TASK_UNKNOWN",
      ]
    ),
    (MesosVersion(1, 1), ["REASON_TASK_GROUP_INVALID", "REASON_TASK_GROUP_UNAUTHORIZED"]),
    (MesosVersion(1, 2), ["REASON_IO_SWITCHBOARD_EXITED", "REASON_TASK_CHECK_STATUS_UPDATED"]),
    (
      MesosVersion(1, 4),
      ["REASON_TASK_HEALTH_CHECK_STATUS_UPDATED", "REASON_TASK_KILLED_DURING_LAUNCH"]
    ),
    (MesosVersion(1, 5), ["REASON_AGENT_REMOVED_BY_OPERATOR", "REASON_AGENT_REREGISTERED"]),
    (MesosVersion(1, 8), ["REASON_MAX_COMPLETION_TIME_REACHED"]),
    (MesosVersion(1, 9), ["REASON_AGENT_DRAINING"]),
  ]

  /// src/common/protobuf_utils.cpp, `isTerminalState`.
  static let terminalStates: Set = [
    "TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_ERROR", "TASK_DROPPED",
    "TASK_GONE", "TASK_GONE_BY_OPERATOR",
  ]
}
