/// The details of one container (Engine API, "ContainerInspect").
package struct ContainerDetails: Sendable, Decodable {
  /// The container's name, with a leading `/`.
  package let name: String
  /// The ID of the container's image.
  package let image: String
  /// Whether the container is running, and how it exited.
  package let state: ContainerState
  /// How often the engine has restarted the container.
  package let restartCount: Int
  /// The process of the container.
  package let config: ContainerConfig
  /// The settings that concern the host.
  package let hostConfig: HostConfigDetails
  /// The container's networks and ports.
  package let networkSettings: NetworkSettings
  /// The container's mounts.
  package let mounts: [MountPoint]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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

/// Whether a container is running, and how it exited (Engine API, "ContainerState").
package struct ContainerState: Sendable, Decodable {
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  package let status: String
  /// Whether the container has a process. Also true for a paused container.
  package let running: Bool
  /// Whether the engine is waiting before it restarts the container.
  package let restarting: Bool
  /// Whether a process was killed because of the memory limit.
  package let oomKilled: Bool
  /// The exit code of the last run.
  package let exitCode: Int
  /// The state of the health check. Nil if the container has none.
  package let health: HealthState?
  /// The last start, RFC 3339. `0001-01-01T00:00:00Z` if the container never started.
  package let startedAt: String
  /// The last exit, RFC 3339. `0001-01-01T00:00:00Z` if the container never exited.
  package let finishedAt: String

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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
package struct HealthState: Sendable, Decodable {
  /// `none`, `starting`, `healthy` or `unhealthy`.
  package let status: String
  /// The results of the last few checks, oldest first.
  package let log: [HealthResult]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    status = try fields["Status"] ?? ""
    log = try fields["Log"] ?? []
  }
}

/// One run of a health check (Engine API, "HealthcheckResult").
package struct HealthResult: Sendable, Decodable {
  /// The beginning of the check's output.
  package let output: String
  /// The exit code of the check. -1 if the engine couldn't run or complete it.
  package let exitCode: Int

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    output = try fields["Output"] ?? ""
    exitCode = try fields["ExitCode"] ?? 0
  }
}
