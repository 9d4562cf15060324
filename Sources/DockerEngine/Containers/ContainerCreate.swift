/// The configuration of a new container (Engine API, "ContainerCreate"). A nil value is not sent:
/// the image or the engine has a default.
package struct ContainerCreate: Sendable, Encodable {
  /// The image, by name or ID.
  package var image: String?
  /// The host name inside the container. Default: the start of its ID.
  package var hostname: String?
  /// The domain name inside the container.
  package var domainname: String?
  /// `user[:group]`, as names or numbers.
  package var user: String?
  /// Has no effect on `DockerEngine.attach`. The engine keeps it in the configuration.
  package var attachStdout: Bool?
  /// Has no effect on `DockerEngine.attach`. The engine keeps it in the configuration.
  package var attachStderr: Bool?
  /// Ports, such as `80/tcp`.
  package var exposedPorts: KeySet?
  /// Whether the process gets a terminal. Its output is then one raw stream.
  package var tty: Bool?
  /// Whether standard input stays open.
  package var openStdin: Bool?
  /// Variables as `NAME=value`. `NAME` alone removes the image's variable.
  package var env: [String]?
  /// The command. Nil keeps the image's command, an empty list clears it.
  package var cmd: [String]?
  /// The entrypoint. Nil keeps the image's entrypoint; an empty list or a list of one empty string
  /// clears it.
  package var entrypoint: [String]?
  /// The health check. Nil keeps the image's health check.
  package var healthcheck: Healthcheck?
  /// Paths at which the engine mounts an anonymous volume.
  package var volumes: KeySet?
  /// The working directory, as an absolute path.
  package var workingDir: String?
  /// The MAC address on the first network. From API 1.44 on, `EndpointSettings` has it.
  package var macAddress: String?
  /// Labels, in addition to those of the image.
  package var labels: [String: String]?
  /// The signal that requests the container to stop. Default: `SIGTERM`.
  package var stopSignal: String?
  /// Seconds between the stop signal and SIGKILL. Default: 10.
  package var stopTimeout: Int?
  /// The shell for commands in shell form.
  package var shell: [String]?
  /// The settings that concern the host.
  package var hostConfig: HostConfig?
  /// The networks to join at creation. Engines before API 1.44 accept only one.
  package var networkingConfig: NetworkingConfig?

  /// Creates a configuration with this image only.
  package init(
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
package struct NetworkingConfig: Sendable, Encodable {
  /// Settings by network name or ID.
  package var endpointsConfig: [String: EndpointSettings]?

  /// Creates settings by network name or ID.
  package init(
    endpointsConfig: [String: EndpointSettings]? = nil
  ) {
    self.endpointsConfig = endpointsConfig
  }

  package enum CodingKeys: String, EngineKey, CaseIterable { case endpointsConfig }
}

/// Strings that the Engine API writes as the keys of empty objects: `{"80/tcp": {}}`.
package struct KeySet: Sendable, Hashable, Codable, Sequence, ExpressibleByArrayLiteral {
  /// The strings.
  package var keys: Set<String>

  /// Creates a set of these strings.
  package init(_ keys: some Sequence<String>) { self.keys = Set(keys) }

  /// Creates a set of these strings.
  package init(arrayLiteral elements: String...) { keys = Set(elements) }

  private struct Empty: Codable {}

  /// Decodes the keys of an object. Null is an empty set.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      keys = []
    } else {
      keys = Set(try container.decode([String: Empty?].self).keys)
    }
  }

  /// Encodes an object with an empty object for each key.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: keys.map { ($0, Empty()) }))
  }

  /// The strings, in no particular order.
  package func makeIterator() -> Set<String>.Iterator { keys.makeIterator() }
}
