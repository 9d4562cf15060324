/// What runs inside a container, or by default in an image's containers (Engine API, "ContainerConfig", "ImageConfig").
public struct ContainerConfig: Sendable, Decodable {
  /// The image as it was asked for.
  public let image: String
  /// The host name.
  public let hostname: String
  /// The domain name.
  public let domainname: String
  /// `user[:group]`; empty is root.
  public let user: String
  /// Ports as `80/tcp`.
  public let exposedPorts: KeySet
  /// Whether the process has a terminal.
  public let tty: Bool
  /// Whether standard input stays open.
  public let openStdin: Bool
  /// Variables as `NAME=value`.
  public let env: [String]
  /// The command, or arguments of the entrypoint.
  public let cmd: [String]?
  /// The entrypoint.
  public let entrypoint: [String]?
  /// The health check.
  public let healthcheck: Healthcheck?
  /// Paths that get an anonymous volume.
  public let volumes: KeySet
  /// The working directory.
  public let workingDir: String
  /// Labels; a container's include its image's.
  public let labels: [String: String]
  /// The signal that asks it to stop.
  public let stopSignal: String?
  /// Seconds between that signal and SIGKILL.
  public let stopTimeout: Int?

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    image = try fields["Image"] ?? ""
    hostname = try fields["Hostname"] ?? ""
    domainname = try fields["Domainname"] ?? ""
    user = try fields["User"] ?? ""
    exposedPorts = try fields["ExposedPorts"] ?? []
    tty = try fields["Tty"] ?? false
    openStdin = try fields["OpenStdin"] ?? false
    env = try fields["Env"] ?? []
    cmd = try fields["Cmd"]
    entrypoint = try fields["Entrypoint"]
    healthcheck = try fields["Healthcheck"]
    volumes = try fields["Volumes"] ?? []
    workingDir = try fields["WorkingDir"] ?? ""
    labels = try fields["Labels"] ?? [:]
    stopSignal = try fields["StopSignal"]
    stopTimeout = try fields["StopTimeout"]
  }
}
