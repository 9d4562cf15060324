import ArgumentParser
import CLinux
import DockerEngine
import Program
import Reaping
import YAML
import Linux
import Settings

/// The command line of pod-reaper.
@main
struct PodReaper: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pod-reaper",
    abstract: "Removes what dead compose-executors left: containers, networks, volumes, cgroups.",
    discussion: """
      Without --once it is a service; `pod-reaper serve --help` has the options of both. Each is also POD_REAPER_… in \
      the environment and a key of /etc/pod-reaper.yaml. \
      A network or container that an executor asked for may appear after it has died, since the engine completes what it \
      was asked: one pass can miss it, the next takes it.
      """,
    version: Version.text,
    subcommands: [ServeCommand.self, StatusCommand.self, ExplainCommand.self],
    defaultSubcommand: ServeCommand.self)

  @MainActor
  static func main() async {
    // A crash prints a message that nothing is removed until pod-reaper runs again.
    linux_report_crashes(
      "pod-reaper", "; what executors leave waits until it is started again")
    // On a host with a thousand pods the engine's lists have megabytes.
    linux_keep_memory_small()
    await runProgram()
  }
}

extension ReportFormat: ExpressibleByArgument {}

/// Converts an error to one line and an exit code.
func failure(_ error: any Error) -> CommandFailure {
  let code: Int32 =
    switch error {
    case is SettingError, is ComposeError: 2
    case is EngineError: 3
    default: 1
    }
  return CommandFailure("\(error)", code: code)
}
