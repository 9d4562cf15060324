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
    abstract: "Remove containers, networks, volumes and cgroups of dead compose-executors.",
    discussion: """
      Without --once, pod-reaper runs as a service. `pod-reaper serve --help` lists all options. Each option is also a \
      variable POD_REAPER_… and a key of /etc/pod-reaper.yaml. \
      The engine completes the requests of an executor that has died, so a network or container can appear after a pass. \
      The next pass removes it.
      """,
    version: Version.text,
    subcommands: [ServeCommand.self, StatusCommand.self, ExplainCommand.self],
    defaultSubcommand: ServeCommand.self)

  @MainActor
  static func main() async {
    // A crash prints a message that nothing is removed until pod-reaper runs again.
    linux_report_crashes(
      "pod-reaper", "; objects of dead executors remain until it is started again")
    // On a host with a thousand pods the engine's lists have megabytes.
    linux_keep_memory_small()
    await runProgram()
  }
}

extension ReportFormat: ExpressibleByArgument {}

/// Converts an error to one line and an exit code.
func failure(_ error: any Error) -> CommandError {
  let code: Int32 =
    switch error {
    case is ConfigurationError, is DiagnosticError: 2
    case is EngineError: 3
    default: 1
    }
  return CommandError("\(error)", code: code)
}
