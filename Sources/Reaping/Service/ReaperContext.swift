import DockerEngine
import JSON
import Linux
import Logging
import Program
import Settings

/// How reports are printed.
package enum ReportFormat: String, CaseIterable, Sendable { case table, json }

/// What every command needs: settings, engine, reaper.
package struct ReaperContext: Sendable {
  let settings: ReaperSettings
  let engine: DockerEngine
  let reaper: Reaper
  let log: Logger
  /// What the log writes with.
  let handler: StructuredLog
  /// What the container that this program runs in was not given, a line for each.
  let forgottenFlags: [String]

  /// - Parameters:
  ///   - settings: the settings, as they are now.
  ///   - dryRun: whether nothing is removed.
  ///   - quiet: whether the log holds warnings and errors alone.
  /// - Throws: `EngineError` where the environment names no engine.
  package init(_ settings: ReaperSettings, dryRun: Bool, quiet: Bool = false) throws {
    let environment = ProcessEnvironment.current
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

  /// Makes the directories of sockets, lock and journal.
  ///
  /// - Throws: `SettingError` naming the directory.
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

  /// The control socket's path.
  var controlSocket: String { settings.runFolder + "/reaper.sock" }

  /// Every pod with its verdict, from the service or by looking.
  ///
  /// - Parameters:
  ///   - format: how it is printed.
  ///   - terminal: where it is printed; nil for plain text of any width.
  ///   - notesAbsence: whether a service that isn't there is mentioned on standard error.
  /// - Returns: the report, without a newline at the end.
  /// - Throws: `NoPod` with what the reaper couldn't do.
  package func status(
    _ format: ReportFormat, for terminal: Terminal? = nil, notesAbsence: Bool = true
  ) async throws -> String {
    let text: String
    if let answer = LineClient.request(controlSocket, "status") {
      text = answer
    } else {
      if notesAbsence {
        StandardError.line(
          "pod-reaper: no service answers at \(controlSocket); this is what a look of its own finds"
        )
      }
      text = await ControlCommands(reaper: reaper).respond(to: "status")
    }
    let report: PassReport = try Self.decode(text)
    return format == .json ? text : StatusText.text(report, for: terminal)
  }

  /// The evidence and the verdict for one pod.
  ///
  /// - Parameters:
  ///   - pod: the name or ID of one of its containers, its task ID or its run.
  ///   - format: how it is printed.
  ///   - terminal: where it is printed; nil for plain text of any width.
  /// - Returns: the report, without a newline at the end.
  /// - Throws: `NoPod` with what the reaper couldn't do.
  package func explain(
    _ pod: String, _ format: ReportFormat, for terminal: Terminal? = nil
  ) async throws -> String {
    let line = "explain \(pod.filter { !$0.isNewline })"
    let text: String
    if let answer = LineClient.request(controlSocket, line) {
      text = answer
    } else {
      text = await ControlCommands(reaper: reaper).respond(to: line)
    }
    let report: PodReport = try Self.decode(text)
    return format == .json ? text : Explanation.text(report, for: terminal)
  }

  /// Decodes a response of the reaper, or throws the error that it consists of.
  private static func decode<T: Decodable>(_ text: String) throws -> T {
    if text.hasPrefix("error: ") {
      throw NoPod(description: String(text.dropFirst("error: ".count)))
    }
    return try JSONDecoder().decode(T.self, from: Array(text.utf8))
  }
}
