import ArgumentParser
import CLinux
import Glibc
import Program

/// The command line of compose-executor.
@main
struct ComposeExecutor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose-executor",
    abstract: "Runs a Docker Compose file as a pod: one Mesos task.",
    version: Version.text,
    subcommands: [RunCommand.self, ConfigCommand.self, ValidateCommand.self, DoctorCommand.self])

  // A wrong option is bad input like any other: exit 1.
  @MainActor
  static func main() async {
    linux_report_crashes("compose-executor", "")
    let strict = [ValidateCommand.configuration, DoctorCommand.configuration]
    await runProgram(
      usage: 1, of: strict.reduce(into: [:]) { $0[$1.commandName ?? ""] = 2 })
  }

  /// From now on there may be a pod, of which a crash's report tells what becomes.
  static func beginPod() {
    linux_report_crashes("compose-executor", "; the pod is removed by pod-reaper")
  }

  func run() async throws {
    let code = await MesosCommand.run()
    // Whatever still hangs, in a write or a request, must not hold up the exit.
    endProcess(code)
  }
}
