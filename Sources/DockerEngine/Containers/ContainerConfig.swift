/// The process of a container, or the defaults of an image for its containers (Engine API,
/// "ContainerConfig", "ImageConfig").
public struct ContainerConfig: Sendable, Decodable {
  /// The host name.
  public let hostname: String
  /// Ports, such as `80/tcp`.
  public let exposedPorts: KeySet
  /// The command, or the arguments of the entrypoint.
  public let cmd: [String]?
  /// The entrypoint.
  public let entrypoint: [String]?
  /// The health check.
  public let healthcheck: Healthcheck?
  /// Paths at which an anonymous volume is mounted.
  public let volumes: KeySet
  /// Labels. Those of a container include the labels of its image.
  public let labels: [String: String]
  /// Whether the process has a terminal.
  public let tty: Bool
  /// The signal that requests the process to stop.
  public let stopSignal: String?
  /// Seconds between the stop signal and SIGKILL.
  public let stopTimeout: Int?

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
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
