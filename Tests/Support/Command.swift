import Glibc

/// The exit status of a process.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  /// The process exited with this code.
  case exited(Int32)
  /// This signal terminated the process.
  case signaled(Int32)

  /// Whether the process exited with code 0.
  package var isSuccess: Bool { self == .exited(0) }

  /// `exit 1` or `signal 9`.
  package var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .signaled(let signal): "signal \(signal)"
    }
  }
}

/// The result of a command that has exited.
package struct CommandResult: Sendable {
  /// The exit status.
  package let status: ExitStatus
  /// The complete standard output, decoded as UTF-8.
  package let stdout: String
  /// The complete standard error, decoded as UTF-8.
  package let stderr: String
}

/// A command exited with another status than the test requires.
package struct CommandFailed: Error, CustomStringConvertible, Sendable {
  /// The program and its arguments.
  package let command: String
  /// The result of the command.
  package let result: CommandResult

  /// Creates the error of a command that isn't run by `Command/output(within:)`.
  package init(command: String, result: CommandResult) {
    self.command = command
    self.result = result
  }

  /// The command, its exit status and its complete output, the errors first.
  package var description: String {
    "\(command): \(result.status)\n\(result.stderr)\(result.stdout)"
  }
}

/// A command to run: program, arguments, environment, directory and input.
package struct Command: Sendable {
  /// A path, or a name that is searched for in the PATH.
  package var program: String
  /// The arguments, without the program's own name.
  package var arguments: [String]
  /// Variables that are added to the test's environment.
  package var environment: [String: String]
  /// The working directory. Nil for the test's own.
  package var directory: String?
  /// The complete standard input. Nil: standard input is `/dev/null`.
  package var input: String?

  /// Creates a command without starting it.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    directory: String? = nil, input: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.input = input
  }

  /// Starts the command and returns at once.
  ///
  /// - Throws: ``SpawnFailed`` if the program doesn't exist.
  package func start() throws -> RunningCommand { try RunningCommand(self) }

  /// Runs the command until it exits, whatever its status.
  ///
  /// - Parameter within: The time limit, after which the command is killed.
  /// - Returns: The exit status and the output.
  /// - Throws: ``SpawnFailed``, or ``DeadlinePassed`` if the command was killed.
  @discardableResult
  package func run(within: Duration = .seconds(180)) async throws -> CommandResult {
    try await start().result(within: within)
  }

  /// Runs the command until it exits, and requires success.
  ///
  /// - Parameter within: The time limit, after which the command is killed.
  /// - Returns: The standard output without trailing newlines.
  /// - Throws: ``CommandFailed`` if the command fails, ``SpawnFailed``, or ``DeadlinePassed``.
  @discardableResult
  package func output(within: Duration = .seconds(180)) async throws -> String {
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
