/// What runs inside a container, or by default in an image's containers (Engine API, "ContainerConfig", "ImageConfig").
public struct ContainerConfig: Sendable, Decodable {
  /// The host name.
  public let hostname: String
  /// Ports as `80/tcp`.
  public let exposedPorts: KeySet
  /// The command, or arguments of the entrypoint.
  public let cmd: [String]?
  /// The entrypoint.
  public let entrypoint: [String]?
  /// The health check.
  public let healthcheck: Healthcheck?
  /// Paths that get an anonymous volume.
  public let volumes: KeySet
  /// Labels; a container's include its image's.
  public let labels: [String: String]
  /// Whether it has a terminal.
  public let tty: Bool
  /// The signal that asks it to stop.
  public let stopSignal: String?
  /// Seconds between that signal and SIGKILL.
  public let stopTimeout: Int?

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    hostname = try fields["Hostname"] ?? ""
    exposedPorts = try fields["ExposedPorts"] ?? []
    cmd = try fields["Cmd"]
    entrypoint = try fields["Entrypoint"]
    healthcheck = try fields["Healthcheck"]
    volumes = try fields["Volumes"] ?? []
    labels = try fields["Labels"] ?? [:]
    tty = try fields["Tty"] ?? false
    stopSignal = try fields["StopSignal"]
    stopTimeout = try fields["StopTimeout"]
  }
}
