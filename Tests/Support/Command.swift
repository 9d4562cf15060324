import Glibc

/// How a process ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  /// It ended by itself, with this code.
  case exited(Int32)
  /// This signal ended it.
  case signalled(Int32)

  /// Whether it ended with code 0.
  public var isSuccess: Bool { self == .exited(0) }

  /// `exit 1` or `signal 9`.
  public var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}

/// What a command that has ended left behind.
public struct CommandResult: Sendable {
  /// How it ended.
  public let status: ExitStatus
  /// All of its standard output, decoded as UTF-8.
  public let stdout: String
  /// All of its standard error, decoded as UTF-8.
  public let stderr: String
}

/// A command that ended otherwise than a test needed it to.
public struct CommandFailed: Error, CustomStringConvertible, Sendable {
  /// The program and its arguments.
  public let command: String
  /// What it left behind.
  public let result: CommandResult

  /// The command, how it ended, and all that it printed.
  public var description: String {
    "\(command): \(result.status)\n\(result.stdout)\(result.stderr)"
  }
}

/// A command to run: program, arguments, environment, folder and input.
public struct Command: Sendable {
  /// A path, or a name that is looked up on the PATH.
  public var program: String
  /// Its arguments, without the program's own name.
  public var arguments: [String]
  /// Variables set on top of the test's own environment.
  public var environment: [String: String]
  /// The folder it runs in; nil for the test's own.
  public var folder: String?
  /// Written to its standard input, which then ends. Nil: standard input is `/dev/null`.
  public var input: String?

  /// Describes a command without starting it.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    folder: String? = nil, input: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
    self.input = input
  }

  /// Starts it, and returns at once.
  ///
  /// - Throws: ``SpawnFailed`` if there is no such program.
  public func start() throws -> RunningCommand { try RunningCommand(self) }

  /// Runs it to its end, whatever its status.
  ///
  /// - Parameter within: Longer than this and it is killed.
  /// - Returns: How it ended, and what it printed.
  /// - Throws: ``SpawnFailed``, or ``DeadlinePassed`` when it was killed.
  @discardableResult
  public func run(within: Duration = .seconds(60)) async throws -> CommandResult {
    try await start().result(within: within)
  }

  /// Runs it to its end, which must be a success.
  ///
  /// - Parameter within: Longer than this and it is killed.
  /// - Returns: Its standard output without the newlines at its end.
  /// - Throws: ``CommandFailed`` if it ends otherwise, ``SpawnFailed``, or ``DeadlinePassed``.
  @discardableResult
  public func output(within: Duration = .seconds(60)) async throws -> String {
    let result = try await run(within: within)
    guard result.status.isSuccess else {
      throw CommandFailed(
        command: ([program] + arguments).joined(separator: " "), result: result)
    }
    var text = Substring(result.stdout)
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
