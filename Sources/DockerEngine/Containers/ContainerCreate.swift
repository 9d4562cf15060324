/// What to create a container from (Engine API, "ContainerCreate"). What is nil is not sent: the image or the engine decides.
public struct ContainerCreate: Sendable, Encodable {
  /// The image, by name or ID.
  public var image: String?
  /// The host name inside the container; unset: the start of its ID.
  public var hostname: String?
  /// The domain name inside the container.
  public var domainname: String?
  /// `user[:group]`, names or numbers.
  public var user: String?
  /// Has no effect on `DockerEngine.attach`; kept in the configuration.
  public var attachStdout: Bool?
  /// Has no effect on `DockerEngine.attach`; kept in the configuration.
  public var attachStderr: Bool?
  /// Ports as `80/tcp`.
  public var exposedPorts: KeySet?
  /// Whether the process gets a terminal; its output is then one raw stream.
  public var tty: Bool?
  /// Whether standard input stays open.
  public var openStdin: Bool?
  /// Variables as `NAME=value`; `NAME` alone removes the image's.
  public var env: [String]?
  /// The command; nil keeps the image's, an empty list clears it.
  public var cmd: [String]?
  /// The entrypoint; nil keeps the image's, an empty list (or one empty string) clears it.
  public var entrypoint: [String]?
  /// The health check; nil keeps the image's.
  public var healthcheck: Healthcheck?
  /// Paths that get an anonymous volume.
  public var volumes: KeySet?
  /// The working directory, an absolute path.
  public var workingDir: String?
  /// The MAC address on the first network. From API 1.44 on set it in `EndpointSettings`.
  public var macAddress: String?
  /// Labels, added to the image's.
  public var labels: [String: String]?
  /// The signal that asks the container to stop, `SIGTERM` if unset.
  public var stopSignal: String?
  /// Seconds between that signal and SIGKILL, 10 if unset.
  public var stopTimeout: Int?
  /// The shell of commands in shell form.
  public var shell: [String]?
  /// What concerns the host.
  public var hostConfig: HostConfig?
  /// The networks to join at creation; engines before API 1.44 take one.
  public var networkingConfig: NetworkingConfig?

  /// A container of this image, all else unset.
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

  /// Settings by network name or ID.
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

  /// A set of these strings.
  public init(_ keys: some Sequence<String>) { self.keys = Set(keys) }

  /// A set of these strings.
  public init(arrayLiteral elements: String...) { keys = Set(elements) }

  private struct Empty: Codable {}

  /// Reads the keys of an object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      keys = []
    } else {
      keys = Set(try container.decode([String: Empty?].self).keys)
    }
  }

  /// Writes an object with an empty object for each key.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: keys.map { ($0, Empty()) }))
  }

  /// The strings, in no particular order.
  public func makeIterator() -> Set<String>.Iterator { keys.makeIterator() }
}
