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

extension ParsableCommand {
  /// Runs the command line of a program whose commands wait for nothing.
  ///
  /// - Parameter usage: the exit code for an option that is wrong.
  public static func runProgram(usage: Int32) {
    do {
      var command = try parseAsRoot()
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
  ///
  /// - Parameter usage: the exit code for an option that is wrong.
  public static func runProgram(usage: Int32) async {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
        endProcess(0)
      } else {
        try command.run()
      }
    } catch {
      end(error, usage: usage)
    }
  }
}
