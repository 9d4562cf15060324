/// All about one container (Engine API, "ContainerInspect").
public struct ContainerDetails: Sendable, Decodable {
  /// Its name, with a leading `/`.
  public let name: String
  /// The ID of its image.
  public let image: String
  /// Whether it runs, and how it ended.
  public let state: ContainerState
  /// How often the engine has started it again.
  public let restartCount: Int
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
    name = try fields["Name"] ?? ""
    image = try fields["Image"] ?? ""
    state = try fields.required("State")
    restartCount = try fields["RestartCount"] ?? 0
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
  /// Whether the engine waits before it starts it again.
  public let restarting: Bool
  /// Whether a process was killed for memory.
  public let oomKilled: Bool
  /// How it ended last.
  public let exitCode: Int
  /// The state of its health check, if it has one.
  public let health: HealthState?
  /// When it started last, RFC 3339; `0001-01-01T00:00:00Z` where it never did.
  public let startedAt: String
  /// When it ended last, RFC 3339; `0001-01-01T00:00:00Z` where it never did.
  public let finishedAt: String

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    status = try fields["Status"] ?? ""
    running = try fields["Running"] ?? false
    restarting = try fields["Restarting"] ?? false
    oomKilled = try fields["OOMKilled"] ?? false
    exitCode = try fields["ExitCode"] ?? 0
    health = try fields["Health"]
    startedAt = try fields["StartedAt"] ?? ""
    finishedAt = try fields["FinishedAt"] ?? ""
  }
}

/// The state of a health check (Engine API, "Health").
public struct HealthState: Sendable, Decodable {
  /// `none`, `starting`, `healthy` or `unhealthy`.
  public let status: String
  /// The last few checks, oldest first.
  public let log: [HealthResult]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    status = try fields["Status"] ?? ""
    log = try fields["Log"] ?? []
  }
}

/// One run of a health check (Engine API, "HealthcheckResult").
public struct HealthResult: Sendable, Decodable {
  /// The start of what it printed.
  public let output: String
  /// How it exited; -1 where the engine couldn't run it, or not to its end.
  public let exitCode: Int

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    output = try fields["Output"] ?? ""
    exitCode = try fields["ExitCode"] ?? 0
  }
}
