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

  // A wrong option is bad input like any other: exit 1.
  static func main() async { await runProgram(usage: 1) }

  func run() async throws {
    let code = await MesosCommand.run()
    // Whatever still hangs, in a write or a request, must not hold up the exit.
    endProcess(code)
  }
}
