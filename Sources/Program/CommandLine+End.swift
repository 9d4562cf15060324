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
  ///
  /// - Parameter usage: the exit code for an option that is wrong.
  public static func runProgram(usage: Int32) {
    do {
      var command = try parseAsRoot(ProgramArguments.current)
      try command.run()
    } catch {
      end(error, usage: usage)
    }
  }

  /// Ends the process: a failure, and a wrong option like any other, is one line and its code. Help and version are no
  /// errors.
  ///
  /// - Parameters:
  ///   - error: what the command threw.
  ///   - usage: the exit code for an option that is wrong.
  fileprivate static func end(_ error: any Error, usage: Int32) -> Never {
    let program = configuration.commandName ?? "\(self)"
    if let failure = error as? CommandFailure {
      StandardError.line("\(program): \(Printable.text(failure.message, limit: 65_536))")
      endProcess(failure.code)
    }
    if exitCode(for: error) == .validationFailure {
      StandardError.line("\(program): \(message(for: error))")
      Glibc.exit(usage)
    }
    if let code = error as? ExitCode { endProcess(code.rawValue) }
    exit(withError: error)
  }
}

extension AsyncParsableCommand {
  /// Runs the command line of a program. A reader of its output that goes away doesn't end it.
  /// Threads need /proc: without it the process ends with a line that says so.
  ///
  /// - Parameters:
  ///   - usage: the exit code for an option that is wrong, and where /proc is missing.
  ///   - usages: the same for subcommands that have another.
  @MainActor
  public static func runProgram(usage: Int32, of usages: [String: Int32] = [:]) async {
    let usage = ProgramArguments.current?.first.flatMap { usages[$0] } ?? usage
    signal(SIGPIPE, SIG_IGN)
    do {
      if var command = try runAlone(usage: usage) {
        try await command.run()
        endProcess(0)
      }
    } catch {
      end(error, usage: usage)
    }
  }

  /// Reads the command line, and runs a command that needs no thread but the first.
  ///
  /// - Parameter usage: the exit code where /proc is missing.
  /// - Returns: the command that is still to be run; nil where it was run.
  /// - Throws: what parsing and the command throw; `CommandFailure` where there can be no threads.
  private nonisolated static func runAlone(
    usage: Int32
  ) throws -> sending (any AsyncParsableCommand)? {
    var command = try parseAsRoot(ProgramArguments.current)
    if let plain = command as? any PlainCommand, try plain.runAlone() { endProcess(0) }
    guard let asynchronous = command as? any AsyncParsableCommand else {
      try command.run()
      return nil
    }
    if let failure = ThreadTable.failure() { throw CommandFailure(failure, code: usage) }
    return asynchronous
  }
}
