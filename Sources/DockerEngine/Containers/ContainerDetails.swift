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

  enum CodingKeys: String, CodingKey {
    case id = "Id"
    case name = "Name"
    case created = "Created"
    case path = "Path"
    case args = "Args"
    case image = "Image"
    case state = "State"
    case restartCount = "RestartCount"
    case driver = "Driver"
    case platform = "Platform"
    case logPath = "LogPath"
    case config = "Config"
    case hostConfig = "HostConfig"
    case networkSettings = "NetworkSettings"
    case mounts = "Mounts"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    name = try fields.value(.name, default: "")
    created = try fields.value(.created, default: "")
    path = try fields.value(.path, default: "")
    args = try fields.value(.args, default: [])
    image = try fields.value(.image, default: "")
    state = try fields.decode(ContainerState.self, forKey: .state)
    restartCount = try fields.value(.restartCount, default: 0)
    driver = try fields.value(.driver, default: "")
    platform = try fields.value(.platform, default: "")
    logPath = try fields.value(.logPath, default: "")
    config = try fields.decode(ContainerConfig.self, forKey: .config)
    hostConfig = try fields.decode(HostConfigDetails.self, forKey: .hostConfig)
    networkSettings = try fields.decode(NetworkSettings.self, forKey: .networkSettings)
    mounts = try fields.value(.mounts, default: [])
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

  enum CodingKeys: String, CodingKey {
    case status = "Status"
    case running = "Running"
    case paused = "Paused"
    case restarting = "Restarting"
    case oomKilled = "OOMKilled"
    case dead = "Dead"
    case pid = "Pid"
    case exitCode = "ExitCode"
    case error = "Error"
    case startedAt = "StartedAt"
    case finishedAt = "FinishedAt"
    case health = "Health"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    status = try fields.value(.status, default: "")
    running = try fields.value(.running, default: false)
    paused = try fields.value(.paused, default: false)
    restarting = try fields.value(.restarting, default: false)
    oomKilled = try fields.value(.oomKilled, default: false)
    dead = try fields.value(.dead, default: false)
    pid = try fields.value(.pid, default: 0)
    exitCode = try fields.value(.exitCode, default: 0)
    error = try fields.value(.error, default: "")
    startedAt = try fields.value(.startedAt, default: "")
    finishedAt = try fields.value(.finishedAt, default: "")
    health = try fields.decodeIfPresent(HealthState.self, forKey: .health)
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

  enum CodingKeys: String, CodingKey {
    case status = "Status"
    case failingStreak = "FailingStreak"
    case log = "Log"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    status = try fields.value(.status, default: "")
    failingStreak = try fields.value(.failingStreak, default: 0)
    log = try fields.value(.log, default: [])
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

  enum CodingKeys: String, CodingKey {
    case start = "Start"
    case end = "End"
    case exitCode = "ExitCode"
    case output = "Output"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    start = try fields.value(.start, default: "")
    end = try fields.value(.end, default: "")
    exitCode = try fields.value(.exitCode, default: 0)
    output = try fields.value(.output, default: "")
  }
}
