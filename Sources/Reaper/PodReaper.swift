import ArgumentParser
import Compose
import DockerEngine
import Logging
import PodIdentity
import Program
import SystemPackage
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
      the environment and a key of /etc/pod-reaper.yaml. --once exits with 0: nothing leaked is left, 1: something \
      could not be removed, 2: usage, 3: Docker not reachable, 4: another pass is working. \
      A network or container that an executor asked for may appear after it has died, since the engine completes what it \
      was asked: one pass can miss it, the next takes it.
      """,
    version: Version.text,
    subcommands: [ServeCommand.self, StatusCommand.self, ExplainCommand.self],
    defaultSubcommand: ServeCommand.self)

  @MainActor
  static func main() async {
    CrashReport.install()
    await runProgram(usage: 2)
  }
}

/// How reports are printed.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case table, json }

/// What went wrong, in a line, and the exit code that says so.
func failure(_ error: any Error) -> CommandFailure {
  let code: Int32 =
    switch error {
    case is SettingError, is ComposeError: 2
    case is EngineError: 3
    default: 1
    }
  return CommandFailure("\(error)", code: code)
}

/// What every command needs: settings, engine, reaper.
struct Workplace {
  let settings: ReaperSettings
  let engine: DockerEngine
  let reaper: Reaper
  let log: Logger
  /// What the log writes with.
  let handler: StructuredLog
  /// What the container that this program runs in was not given, a line for each.
  let forgottenFlags: [String]

  init(_ options: SettingOptions, dryRun: Bool, quiet: Bool = false) throws {
    let environment = ProcessEnvironment.current
    let settings = try options.settings(environment: environment)
    let handler = StructuredLog(
      logLevel: quiet ? .warning : settings.logLevel, isJSON: settings.logsJSON,
      journal: SystemdJournal(environment: environment))
    self.handler = handler
    log = Logger(label: "pod-reaper") { _ in handler }
    engine = try DockerEngine(environment: environment, limitsRequests: false)
    self.settings = settings
    forgottenFlags = ForgottenFlags(
      engineSocket: engine.endpoint.socketPath, runFolder: settings.runFolder,
      leaseSocket: settings.leaseSocket, stateFolder: settings.stateFolder
    ).lines(environment: environment)
    reaper = Reaper(settings: settings, engine: engine, dryRun: dryRun, log: log)
  }

  /// Makes the folders of sockets, lock and journal.
  ///
  /// - Throws: `SettingError` naming the folder.
  func makeFolders() throws {
    for folder in [settings.runFolder, settings.stateFolder] {
      do {
        try PrivateFile.folder(folder, isPassage: folder == settings.runFolder)
      } catch {
        throw SettingError(
          description: "\(folder) can't be used: \(error) (it must be this user's alone)")
      }
    }
  }
}
