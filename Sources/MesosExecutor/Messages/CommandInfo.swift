/// mesos.v1.CommandInfo: a command and its environment.
package struct CommandInfo: Codable, Sendable, Hashable {
  /// mesos.v1.CommandInfo.URI: a file that the agent fetched into the sandbox.
  package struct URI: Codable, Sendable, Hashable {
    /// The URI from which the file was fetched.
    package let value: String
    /// Its name in the sandbox, if the command sets one.
    package let outputFile: String?

    /// A fetched file.
    package init(value: String, outputFile: String? = nil) {
      self.value = value
      self.outputFile = outputFile
    }

    private enum CodingKeys: String, CodingKey {
      case value
      case outputFile = "output_file"
    }
  }

  /// mesos.v1.Environment.Variable; a variable that contains a secret has no value.
  package struct Variable: Codable, Sendable, Hashable {
    /// The variable's name.
    package let name: String
    /// Its value.
    package let value: String?

    /// A variable.
    package init(name: String, value: String?) {
      self.name = name
      self.value = value
    }
  }

  /// The command line (if `isShell`), otherwise the program.
  package let value: String?
  /// argv, with the program's name as its first element, if `isShell` is false.
  package let arguments: [String]
  /// Whether `value` is run by `/bin/sh -c`.
  package let isShell: Bool
  /// The environment variables in their order.
  package let environment: [Variable]
  /// The files that the agent fetched.
  package let uris: [URI]
  /// The user that the command runs as.
  package let user: String?

  /// A command.
  package init(
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

  /// Decodes an agent's message; `shell` defaults to true.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    value = try values.decodeIfPresent(String.self, forKey: .value)
    arguments = try values.list(.arguments)
    isShell = try values.decodeIfPresent(Bool.self, forKey: .shell) ?? true
    environment =
      try values.decodeIfPresent(Environment.self, forKey: .environment)?.variables ?? []
    uris = try values.list(.uris)
    user = try values.decodeIfPresent(String.self, forKey: .user)
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
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
