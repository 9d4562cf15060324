/// mesos.v1.CommandInfo: what to run, with which environment.
public struct CommandInfo: Codable, Sendable, Hashable {
  /// mesos.v1.CommandInfo.URI: a file that the agent fetched into the sandbox.
  public struct URI: Codable, Sendable, Hashable {
    /// Where it comes from.
    public let value: String
    /// The name it got in the sandbox, if not its own.
    public let outputFile: String?

    /// A fetched file.
    public init(value: String, outputFile: String? = nil) {
      self.value = value
      self.outputFile = outputFile
    }

    private enum CodingKeys: String, CodingKey {
      case value
      case outputFile = "output_file"
    }
  }

  /// mesos.v1.Environment.Variable; one that holds a secret has no value.
  public struct Variable: Codable, Sendable, Hashable {
    /// The variable's name.
    public let name: String
    /// Its value.
    public let value: String?

    /// A variable.
    public init(name: String, value: String?) {
      self.name = name
      self.value = value
    }
  }

  /// The command line (if `isShell`) or the program.
  public let value: String?
  /// argv, with the program's name as its first element, if not `isShell`.
  public let arguments: [String]
  /// Whether `value` is for `/bin/sh -c`.
  public let isShell: Bool
  /// The environment's variables, in their order.
  public let environment: [Variable]
  /// Files that were fetched.
  public let uris: [URI]
  /// The user to run as.
  public let user: String?

  /// A command.
  public init(
    value: String? = nil, arguments: [String] = [], isShell: Bool = true,
    environment: [Variable] = [], uris: [URI] = [], user: String? = nil
  ) {
    self.value = value
    self.arguments = arguments
    self.isShell = isShell
    self.environment = environment
    self.uris = uris
    self.user = user
  }

  private enum CodingKeys: String, CodingKey {
    case value, arguments, shell, environment, uris, user
  }

  private struct Environment: Codable { let variables: [Variable]? }

  /// Reads what an agent sends; `shell` is true if it is absent.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    value = try values.decodeIfPresent(String.self, forKey: .value)
    arguments = try values.list(.arguments)
    isShell = try values.decodeIfPresent(Bool.self, forKey: .shell) ?? true
    environment =
      try values.decodeIfPresent(Environment.self, forKey: .environment)?.variables ?? []
    uris = try values.list(.uris)
    user = try values.decodeIfPresent(String.self, forKey: .user)
  }

  /// Writes the proto's shape.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(value, forKey: .value)
    try values.encode(list: arguments, .arguments)
    try values.encode(isShell, forKey: .shell)
    if !environment.isEmpty {
      try values.encode(Environment(variables: environment), forKey: .environment)
    }
    try values.encode(list: uris, .uris)
    try values.encodeIfPresent(user, forKey: .user)
  }
}
