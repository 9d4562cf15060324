/// The options for the start of an executor.
package struct LaunchOptions: Sendable {
  /// The launcher and its isolators (`--launcher`, `--isolation`).
  package enum Launcher: Sendable, Equatable {
    /// `posix`: only a session of its own.
    case posix
    /// `linux` with the isolators cgroups/cpu and cgroups/mem on cgroup v1.
    case cgroups1
    /// `linux` on cgroup v2. The process is in the leaf below the run's cgroup.
    case cgroups2
  }

  /// An ordinary user that runs the executor.
  package struct User: Sendable {
    /// The user ID.
    package let uid: UInt32
    /// The group ID.
    package let gid: UInt32
    /// Supplementary groups, such as docker.
    package let groups: [UInt32]

    /// Creates a user.
    package init(uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
      self.uid = uid
      self.gid = gid
      self.groups = groups
    }
  }

  /// The devices that cgroups/devices permits by default (isolators/cgroups/subsystems/devices.cpp,
  /// `DEFAULT_WHITELIST_ENTRIES`). `--allowed_devices` adds further ones.
  package static let defaultDevices = [
    "c *:* m", "b *:* m", "c 5:1 rwm", "c 4:0 rwm", "c 4:1 rwm", "c 136:* rwm", "c 5:2 rwm",
    "c 10:200 rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:9 rwm", "c 1:8 rwm",
  ]

  /// The launcher that starts, limits and kills the executor.
  package var launcher: Launcher
  /// The directory in each hierarchy (`--cgroups_root`). It is never `mesos`, so that a real agent
  /// on the same machine and this one never treat each other's containers as orphans.
  package var cgroupsRoot = "mesos-standin"
  /// Whether cpus are also a hard limit (`--cgroups_enable_cfs`).
  package var enablesCFS = true
  /// cgroup v1: the devices that the isolator cgroups/devices permits, as lines of `devices.allow`.
  /// Nil without that isolator.
  package var devices: [String]?
  /// The user that runs the executor. Nil for the user that runs the tests.
  package var user: User?
  /// Files that are written into the sandbox before the start: paths and texts.
  package var files: [String: String]
  /// A directory whose content is put into the sandbox, as from an archive among the task's URIs.
  package var directory: String?
  /// Variables that take precedence over all others.
  package var environment: [String: String]

  /// Creates options. The default launcher uses cgroup v1.
  package init(
    launcher: Launcher = .cgroups1, files: [String: String] = [:],
    environment: [String: String] = [:], user: User? = nil
  ) {
    self.launcher = launcher
    self.files = files
    self.environment = environment
    self.user = user
  }
}
