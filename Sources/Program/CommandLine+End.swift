import ArgumentParser
import Glibc

/// Why a command of a program failed: a line for people and the exit code that says so to scripts.
public struct CommandFailure: Error, Sendable {
  /// The line, without the program's name.
  public let message: String
  /// The exit code.
  public let code: Int32

  /// Makes a failure.
  public init(_ message: String, code: Int32) {
    self.message = message
    self.code = code
  }

  /// The exit code of a wrong command, option or value, in all programs.
  public static let usage: Int32 = 2
}

/// Ends the process, whatever other threads are doing. `exit` would take OpenSSL down under a connection that is being
/// made, which crashes the process after all is said.
///
/// - Parameter code: the exit code.
public func endProcess(_ code: Int32) -> Never {
  fflush(nil)
  _exit(code)
}

/// A command that may need no thread but the first.
public protocol PlainCommand {
  /// Does its work on the calling thread, if that can be.
  ///
  /// - Returns: false if nothing is done yet: the command's `run()` does it.
  /// - Throws: what its `run()` throws.
  func runAlone() throws -> Bool
}

extension ParsableCommand {
  /// Runs the command line of a program whose commands wait for nothing.
  public static func runProgram() {
    do {
      var command = try parsed()
      try command.run()
      try checkOutput()
    } catch {
      end(error)
    }
  }

  /// Fails where what the command has printed could not be written, such as to a full disk: its exit code is not 0 then.
  fileprivate static func checkOutput() throws(CommandFailure) {
    if let failure = StandardOutput.failure { throw CommandFailure(failure, code: 1) }
  }

  /// Reads the command line. `help` with a word that is no command is wrong usage.
  fileprivate static func parsed() throws -> any ParsableCommand {
    let arguments = ProgramArguments.current
    if arguments?.first == "help",
      let complaint = NamedCommand(arguments ?? [], of: self).complaint
    {
      throw ValidationError(complaint)
    }
    return try parseAsRoot(arguments)
  }

  /// Ends the process: a failure, and a wrong option like any other, is one line and its code. Help and version are no
  /// errors, but for the help of a program that needs a command and was given nothing at all.
  ///
  /// - Parameter error: what the command threw.
  fileprivate static func end(_ error: any Error) -> Never {
    let program = _commandName
    if let failure = error as? CommandFailure {
      StandardError.line("\(program): \(Printable.text(failure.message, limit: 65_536))")
      endProcess(failure.code)
    }
    // A container's own exit code can be any.
    if let code = error as? ExitCode {
      guard let failure = StandardOutput.failure else { endProcess(code.rawValue) }
      end(CommandFailure(failure, code: code.isSuccess ? 1 : code.rawValue))
    }
    let arguments = ProgramArguments.current ?? []
    let command = NamedCommand(arguments, of: self)
    switch exitCode(for: error) {
    case .validationFailure:
      StandardError.line("\(program): \(Printable.line(usageError(message(for: error), command)))")
      Glibc.exit(CommandFailure.usage)
    case .success:
      let text = message(for: error)
      guard text.hasPrefix("OVERVIEW: ") else { break }
      let help = text + (CommandManual.of(command.name).map { "\n\n\($0.text)" } ?? "")
      if arguments.isEmpty {
        StandardError.line(help)
        endProcess(CommandFailure.usage)
      }
      if !StandardOutput.write(help + "\n"), let failure = StandardOutput.failure {
        end(CommandFailure(failure, code: 1))
      }
      endProcess(0)
    default: break
    }
    exit(withError: error)
  }

  /// What is wrong with the command line, and where the help is.
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
  /// Runs the command line of a program. A reader of its output that goes away doesn't end it.
  /// Threads need /proc: without it the process ends with a line that says so.
  @MainActor
  public static func runProgram() async {
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

  /// Reads the command line, and runs a command that needs no thread but the first.
  ///
  /// - Returns: the command that is still to be run; nil where it was run.
  /// - Throws: what parsing and the command throw; `CommandFailure` where there can be no threads.
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
    if let failure = ThreadTable.failure() { throw CommandFailure(failure, code: 1) }
    return asynchronous
  }
}
