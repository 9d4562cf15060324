/// The configuration of a new container (Engine API, "ContainerCreate"). A nil value is not sent:
/// the image or the engine has a default.
public struct ContainerCreate: Sendable, Encodable {
  /// The image, by name or ID.
  public var image: String?
  /// The host name inside the container. Default: the start of its ID.
  public var hostname: String?
  /// The domain name inside the container.
  public var domainname: String?
  /// `user[:group]`, as names or numbers.
  public var user: String?
  /// Has no effect on `DockerEngine.attach`. The engine keeps it in the configuration.
  public var attachStdout: Bool?
  /// Has no effect on `DockerEngine.attach`. The engine keeps it in the configuration.
  public var attachStderr: Bool?
  /// Ports, such as `80/tcp`.
  public var exposedPorts: KeySet?
  /// Whether the process gets a terminal. Its output is then one raw stream.
  public var tty: Bool?
  /// Whether standard input stays open.
  public var openStdin: Bool?
  /// Variables as `NAME=value`. `NAME` alone removes the image's variable.
  public var env: [String]?
  /// The command. Nil keeps the image's command, an empty list clears it.
  public var cmd: [String]?
  /// The entrypoint. Nil keeps the image's entrypoint; an empty list or a list of one empty string
  /// clears it.
  public var entrypoint: [String]?
  /// The health check. Nil keeps the image's health check.
  public var healthcheck: Healthcheck?
  /// Paths at which the engine mounts an anonymous volume.
  public var volumes: KeySet?
  /// The working directory, as an absolute path.
  public var workingDir: String?
  /// The MAC address on the first network. From API 1.44 on, `EndpointSettings` has it.
  public var macAddress: String?
  /// Labels, in addition to those of the image.
  public var labels: [String: String]?
  /// The signal that requests the container to stop. Default: `SIGTERM`.
  public var stopSignal: String?
  /// Seconds between the stop signal and SIGKILL. Default: 10.
  public var stopTimeout: Int?
  /// The shell for commands in shell form.
  public var shell: [String]?
  /// The settings that concern the host.
  public var hostConfig: HostConfig?
  /// The networks to join at creation. Engines before API 1.44 accept only one.
  public var networkingConfig: NetworkingConfig?

  /// Creates a configuration with this image only.
  public init(
    image: String? = nil
  ) {
    self.image = image
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case image, hostname, domainname, user, attachStdout, attachStderr, exposedPorts
    case tty, openStdin, env, cmd, entrypoint, healthcheck, volumes, workingDir
    case macAddress, labels, stopSignal, stopTimeout, shell, hostConfig
    case networkingConfig
  }
}

/// The networks that a container joins at its creation (Engine API, "NetworkingConfig").
public struct NetworkingConfig: Sendable, Encodable {
  /// Settings by network name or ID.
  public var endpointsConfig: [String: EndpointSettings]?

  /// Creates settings by network name or ID.
  public init(
    endpointsConfig: [String: EndpointSettings]? = nil
  ) {
    self.endpointsConfig = endpointsConfig
  }

  package enum CodingKeys: String, EngineKey, CaseIterable { case endpointsConfig }
}

/// Strings that the Engine API writes as the keys of empty objects: `{"80/tcp": {}}`.
public struct KeySet: Sendable, Hashable, Codable, Sequence, ExpressibleByArrayLiteral {
  /// The strings.
  public var keys: Set<String>

  /// Creates a set of these strings.
  public init(_ keys: some Sequence<String>) { self.keys = Set(keys) }

  /// Creates a set of these strings.
  public init(arrayLiteral elements: String...) { keys = Set(elements) }

  private struct Empty: Codable {}

  /// Decodes the keys of an object. Null is an empty set.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      keys = []
    } else {
      keys = Set(try container.decode([String: Empty?].self).keys)
    }
  }

  /// Encodes an object with an empty object for each key.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: keys.map { ($0, Empty()) }))
  }

  /// The strings, in no particular order.
  public func makeIterator() -> Set<String>.Iterator { keys.makeIterator() }
}
