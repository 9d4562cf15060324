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

  enum CodingKeys: String, CodingKey {
    case image = "Image"
    case hostname = "Hostname"
    case domainname = "Domainname"
    case user = "User"
    case exposedPorts = "ExposedPorts"
    case tty = "Tty"
    case openStdin = "OpenStdin"
    case env = "Env"
    case cmd = "Cmd"
    case entrypoint = "Entrypoint"
    case healthcheck = "Healthcheck"
    case volumes = "Volumes"
    case workingDir = "WorkingDir"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case stopTimeout = "StopTimeout"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    image = try fields.value(.image, default: "")
    hostname = try fields.value(.hostname, default: "")
    domainname = try fields.value(.domainname, default: "")
    user = try fields.value(.user, default: "")
    exposedPorts = try fields.value(.exposedPorts, default: [])
    tty = try fields.value(.tty, default: false)
    openStdin = try fields.value(.openStdin, default: false)
    env = try fields.value(.env, default: [])
    cmd = try fields.decodeIfPresent([String].self, forKey: .cmd)
    entrypoint = try fields.decodeIfPresent([String].self, forKey: .entrypoint)
    healthcheck = try fields.decodeIfPresent(Healthcheck.self, forKey: .healthcheck)
    volumes = try fields.value(.volumes, default: [])
    workingDir = try fields.value(.workingDir, default: "")
    labels = try fields.value(.labels, default: [:])
    stopSignal = try fields.decodeIfPresent(String.self, forKey: .stopSignal)
    stopTimeout = try fields.decodeIfPresent(Int.self, forKey: .stopTimeout)
  }
}
