import ArgumentParser
import CLinux
import Glibc
import Linux
import Program

/// The command line of compose-executor.
@main
struct ComposeExecutor: AsyncParsableCommand, PlainCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose-executor",
    abstract: "Run a Docker Compose file as a pod: one Mesos task.",
    version: Version.text,
    subcommands: [
      RunCommand.self, ConfigCommand.self, ValidateCommand.self, PsCommand.self,
      LogsCommand.self, ExecCommand.self, StopCommand.self, RmCommand.self, RestartCommand.self,
      TopCommand.self, StatsCommand.self, InspectCommand.self, EventsCommand.self,
      DoctorCommand.self,
    ])

  @MainActor
  static func main() async {
    linux_report_crashes("compose-executor", "")
    await runProgram()
  }

  /// Adds a hint about the pod to the report of a crash, because a pod can exist from now on.
  static func beginPod() {
    linux_report_crashes("compose-executor", "; pod-reaper removes the pod")
  }

  /// On a terminal without an agent's variables it prints the help as a usage error, because a user
  /// started it.
  func runAlone() throws -> Bool {
    let environment = ProcessEnvironment.current
    let agents = ["MESOS_DIRECTORY", "MESOS_EXECUTOR_ID", "MESOS_FRAMEWORK_ID"]
    let isAgents = agents.contains { environment[$0] != nil }
    if !isAgents, isatty(STDERR_FILENO) == 1 { throw CleanExit.helpRequest() }
    return false
  }

  func run() async throws {
    let code = await MesosCommand.run()
    // A write or request that hangs must not delay the exit.
    endProcess(code)
  }
}
