/// The process of a container, or the defaults of an image for its containers (Engine API,
/// "ContainerConfig", "ImageConfig").
package struct ContainerConfig: Sendable, Decodable {
  /// The host name.
  package let hostname: String
  /// Ports, such as `80/tcp`.
  package let exposedPorts: KeySet
  /// The command, or the arguments of the entrypoint.
  package let cmd: [String]?
  /// The entrypoint.
  package let entrypoint: [String]?
  /// The health check.
  package let healthcheck: Healthcheck?
  /// Paths at which an anonymous volume is mounted.
  package let volumes: KeySet
  /// Labels. Those of a container include the labels of its image.
  package let labels: [String: String]
  /// Whether the process has a terminal.
  package let tty: Bool
  /// The signal that requests the process to stop.
  package let stopSignal: String?
  /// Seconds between the stop signal and SIGKILL.
  package let stopTimeout: Int?

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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
