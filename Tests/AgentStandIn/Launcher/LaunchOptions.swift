/// How an executor is started.
public struct LaunchOptions: Sendable {
  /// The kind of launcher (`--launcher`, `--isolation`).
  public enum Launcher: Sendable, Equatable {
    /// `posix`: a session of its own and nothing else.
    case posix
    /// `linux` with the isolators cgroups/cpu and cgroups/mem on cgroup v1.
    case cgroups1
    /// `linux` on cgroup v2: the process lives in the leaf below the run's folder.
    case cgroups2
  }

  /// An ordinary user to run as.
  public struct User: Sendable {
    /// The user's number.
    public let uid: UInt32
    /// The main group's number.
    public let gid: UInt32
    /// Further groups, such as docker's.
    public let groups: [UInt32]

    /// A user by numbers.
    public init(uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
      self.uid = uid
      self.gid = gid
      self.groups = groups
    }
  }

  /// What cgroups/devices allows of itself (isolators/cgroups/subsystems/devices.cpp, `DEFAULT_WHITELIST_ENTRIES`);
  /// `--allowed_devices` adds to it.
  public static let defaultDevices = [
    "c *:* m", "b *:* m", "c 5:1 rwm", "c 4:0 rwm", "c 4:1 rwm", "c 136:* rwm", "c 5:2 rwm",
    "c 10:200 rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:9 rwm", "c 1:8 rwm",
  ]

  /// What starts, limits and kills it.
  public var launcher: Launcher
  /// The folder in each hierarchy (`--cgroups_root`). Never `mesos`, so that a real agent on the same machine
  /// and this one never take each other's containers for orphans.
  public var cgroupsRoot = "mesos-standin"
  /// Whether cpus are a hard limit too (`--cgroups_enable_cfs`).
  public var enablesCFS = true
  /// cgroup v1: what the isolator cgroups/devices lets a run use, as lines of `devices.allow`; nil without that
  /// isolator.
  public var devices: [String]?
  /// Who it runs as; nil for whoever runs the tests.
  public var user: User?
  /// Files in the sandbox before it starts: paths and texts.
  public var files: [String: String]
  /// A folder whose content the sandbox gets, as from a tarball among the task's URIs.
  public var folder: String?
  /// Variables on top of all others.
  public var environment: [String: String]

  /// Cgroup v1 if nothing else is said.
  public init(
    launcher: Launcher = .cgroups1, files: [String: String] = [:],
    environment: [String: String] = [:], user: User? = nil
  ) {
    self.launcher = launcher
    self.files = files
    self.environment = environment
    self.user = user
  }
}
