import ArgumentParser
import Glibc
import Program

/// The command line of compose-executor.
@main
struct ComposeExecutor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose-executor",
    abstract: "Runs a Docker Compose file as a pod: one Mesos task.",
    version: Version.text,
    subcommands: [RunCommand.self, ConfigCommand.self])

  static func main() async {
    // A reader that goes away must not end a pod.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      // A wrong option is bad input like any other: one line, exit 1. Help and version are no errors.
      let code = exitCode(for: error)
      if code == .validationFailure {
        StandardError.line("compose-executor: \(message(for: error))")
        Glibc.exit(1)
      }
      exit(withError: error)
    }
  }

  func run() async throws {
    let code = await MesosCommand.run()
    // Whatever still hangs, in a write or a request, must not hold up the exit.
    Glibc.exit(code)
  }
}
