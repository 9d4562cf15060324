import ArgumentParser
import Glibc

/// Why a command failed: a line for people, and the exit code for scripts.
package struct CommandError: Error, Sendable {
  /// The line, without the program's name.
  package let message: String
  /// The exit code.
  package let code: Int32

  /// A failure.
  package init(_ message: String, code: Int32) {
    self.message = message
    self.code = code
  }

  /// The exit code of a wrong command, option or value, in all programs.
  package static let usage: Int32 = 2
}

/// Exits the process without waiting for other threads. `exit` would run OpenSSL's cleanup while
/// another thread may be opening a connection, which crashes the process.
///
/// - Parameter code: the exit code.
package func endProcess(_ code: Int32) -> Never {
  fflush(nil)
  _exit(code)
}

/// A command that can sometimes run without a second thread.
package protocol PlainCommand {
  /// Runs the command on the calling thread, where that is possible.
  ///
  /// - Returns: false if nothing has been done: the caller then runs `run()`.
  /// - Throws: the errors of `run()`.
  func runAlone() throws -> Bool
}

extension ParsableCommand {
  /// Runs the command line of a program whose commands are all synchronous.
  package static func runProgram() {
    do {
      var command = try parsed()
      try command.run()
      try checkOutput()
    } catch {
      end(error)
    }
  }

  /// Throws if output of the command could not be written, for example to a full disk, so that the
  /// exit code is not 0.
  fileprivate static func checkOutput() throws(CommandError) {
    if let failure = StandardOutput.failure { throw CommandError(failure, code: 1) }
  }

  /// Parses the command line. `help` with an unknown command is a usage error.
  fileprivate static func parsed() throws -> any ParsableCommand {
    let arguments = ProgramArguments.current
    if arguments?.first == "help",
      let complaint = NamedCommand(arguments ?? [], of: self).complaint
    {
      throw ValidationError(complaint)
    }
    return try parseAsRoot(arguments)
  }

  /// Exits the process. A failure and a usage error each print one line and have an exit code. Help
  /// and version succeed, but the help of a program that requires a command and received no
  /// arguments is a usage error.
  ///
  /// - Parameter error: the error that the command threw.
  fileprivate static func end(_ error: any Error) -> Never {
    let program = _commandName
    if let failure = error as? CommandError {
      StandardError.line("\(program): \(Printable.text(failure.message, limit: 65_536))")
      endProcess(failure.code)
    }
    // Any exit code is possible, because it can be a container's.
    if let code = error as? ExitCode {
      guard let failure = StandardOutput.failure else { endProcess(code.rawValue) }
      end(CommandError(failure, code: code.isSuccess ? 1 : code.rawValue))
    }
    let arguments = ProgramArguments.current ?? []
    let command = NamedCommand(arguments, of: self)
    switch exitCode(for: error) {
    case .validationFailure:
      StandardError.line("\(program): \(Printable.line(usageError(message(for: error), command)))")
      Glibc.exit(CommandError.usage)
    case .success:
      let text = message(for: error)
      guard text.hasPrefix("OVERVIEW: ") else { break }
      let help = text + (CommandManual.of(command.name).map { "\n\n\($0.text)" } ?? "")
      if arguments.isEmpty {
        StandardError.line(help)
        endProcess(CommandError.usage)
      }
      if !StandardOutput.write(help + "\n"), let failure = StandardOutput.failure {
        end(CommandError(failure, code: 1))
      }
      endProcess(0)
    default: break
    }
    exit(withError: error)
  }

  /// The text of a usage error, with the command that prints the help.
  private static func usageError(_ message: String, _ command: NamedCommand) -> String {
    let isEarly =
      command.type == self && command.next?.hasPrefix("-") == true
      && !configuration.subcommands.isEmpty && configuration.defaultSubcommand == nil
    let message = command.complaint ?? Suggestion.correcting(message)
    let early = isEarly ? "options come after the command; " : ""
    let hint = "\(early)see '\(command.name) --help'"
    return message.hasSuffix("?")
      ? "\(message) \(hint.prefix(1).uppercased())\(hint.dropFirst())" : "\(message); \(hint)"
  }
}

extension AsyncParsableCommand {
  /// Runs the command line of a program. The program does not exit when the reader of its output
  /// exits. Threads need /proc: without it the process prints one line and exits.
  @MainActor
  package static func runProgram() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      if var command = try runAlone() {
        try await command.run()
        try checkOutput()
        endProcess(0)
      }
    } catch {
      end(error)
    }
  }

  /// Parses the command line, and runs a command that needs no second thread.
  ///
  /// - Returns: the command that the caller must run; nil where the command has run.
  /// - Throws: the errors of parsing and of the command; `CommandError` where threads are
  ///   impossible.
  private nonisolated static func runAlone() throws -> sending (any AsyncParsableCommand)? {
    var command = try parsed()
    if let plain = command as? any PlainCommand, try plain.runAlone() {
      try checkOutput()
      endProcess(0)
    }
    guard let asynchronous = command as? any AsyncParsableCommand else {
      try command.run()
      return nil
    }
    if let failure = ThreadTable.failure() { throw CommandError(failure, code: 1) }
    return asynchronous
  }
}
