/// All about one container (Engine API, "ContainerInspect").
public struct ContainerDetails: Sendable, Decodable {
  /// Its ID, 64 hexadecimal digits.
  public let id: String
  /// Its name, with a leading `/`.
  public let name: String
  /// When it was created, RFC 3339.
  public let created: String
  /// The program that runs.
  public let path: String
  /// The program's arguments.
  public let args: [String]
  /// The ID of its image.
  public let image: String
  /// Whether it runs, and how it ended.
  public let state: ContainerState
  /// How often the engine has started it again.
  public let restartCount: Int
  /// The storage driver.
  public let driver: String
  /// The operating system.
  public let platform: String
  /// Where the json-file driver writes.
  public let logPath: String
  /// What runs inside.
  public let config: ContainerConfig
  /// How it uses the host.
  public let hostConfig: HostConfigDetails
  /// Its networks and ports.
  public let networkSettings: NetworkSettings
  /// What is mounted.
  public let mounts: [MountPoint]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    name = try fields["Name"] ?? ""
    created = try fields["Created"] ?? ""
    path = try fields["Path"] ?? ""
    args = try fields["Args"] ?? []
    image = try fields["Image"] ?? ""
    state = try fields.required("State")
    restartCount = try fields["RestartCount"] ?? 0
    driver = try fields["Driver"] ?? ""
    platform = try fields["Platform"] ?? ""
    logPath = try fields["LogPath"] ?? ""
    config = try fields.required("Config")
    hostConfig = try fields.required("HostConfig")
    networkSettings = try fields.required("NetworkSettings")
    mounts = try fields["Mounts"] ?? []
  }
}

/// Whether a container runs, and how it ended (Engine API, "ContainerState").
public struct ContainerState: Sendable, Decodable {
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  public let status: String
  /// Whether a process runs; also true when paused.
  public let running: Bool
  /// Whether it is frozen.
  public let paused: Bool
  /// Whether the engine waits before it starts it again.
  public let restarting: Bool
  /// Whether a process was killed for memory.
  public let oomKilled: Bool
  /// Whether its removal failed half-way.
  public let dead: Bool
  /// The host's process ID, 0 if it doesn't run.
  public let pid: Int
  /// How it ended last.
  public let exitCode: Int
  /// Why it could not be started.
  public let error: String
  /// RFC 3339; year 1 means never.
  public let startedAt: String
  /// RFC 3339; year 1 means never.
  public let finishedAt: String
  /// The state of its health check, if it has one.
  public let health: HealthState?

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    status = try fields["Status"] ?? ""
    running = try fields["Running"] ?? false
    paused = try fields["Paused"] ?? false
    restarting = try fields["Restarting"] ?? false
    oomKilled = try fields["OOMKilled"] ?? false
    dead = try fields["Dead"] ?? false
    pid = try fields["Pid"] ?? 0
    exitCode = try fields["ExitCode"] ?? 0
    error = try fields["Error"] ?? ""
    startedAt = try fields["StartedAt"] ?? ""
    finishedAt = try fields["FinishedAt"] ?? ""
    health = try fields["Health"]
  }
}

/// The state of a health check (Engine API, "Health").
public struct HealthState: Sendable, Decodable {
  /// `none`, `starting`, `healthy` or `unhealthy`.
  public let status: String
  /// Failures in a row.
  public let failingStreak: Int
  /// The last few checks, oldest first.
  public let log: [HealthResult]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    status = try fields["Status"] ?? ""
    failingStreak = try fields["FailingStreak"] ?? 0
    log = try fields["Log"] ?? []
  }
}

/// One run of a health check (Engine API, "HealthcheckResult").
public struct HealthResult: Sendable, Decodable {
  /// When it began, RFC 3339.
  public let start: String
  /// When it ended, RFC 3339.
  public let end: String
  /// 0 healthy, 1 unhealthy.
  public let exitCode: Int
  /// The start of what it printed.
  public let output: String

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    start = try fields["Start"] ?? ""
    end = try fields["End"] ?? ""
    exitCode = try fields["ExitCode"] ?? 0
    output = try fields["Output"] ?? ""
  }
}
