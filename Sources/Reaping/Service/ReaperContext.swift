import DockerEngine
import JSON
import Linux
import Logging
import Program
import Settings

/// The format of reports.
package enum ReportFormat: String, CaseIterable, Sendable { case table, json }

/// The settings, engine and reaper for a command.
package struct ReaperContext: Sendable {
  let settings: ReaperSettings
  let engine: DockerEngine
  let reaper: Reaper
  let log: Logger
  /// The handler of the log.
  let handler: StructuredLog
  /// The missing flags of the container that this program runs in, one per line.
  let forgottenFlags: [String]

  /// - Parameters:
  ///   - settings: the current settings.
  ///   - dryRun: whether nothing is removed.
  ///   - quiet: whether only warnings and errors are logged.
  /// - Throws: `EngineError` if the environment specifies no valid engine.
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
      engineSocket: engine.endpoint.socketPath, runDirectory: settings.runDirectory,
      leaseSocket: settings.leaseSocket, stateDirectory: settings.stateDirectory
    ).lines(environment: environment)
    reaper = Reaper(settings: settings, engine: engine, dryRun: dryRun, log: log)
  }

  /// Creates the directories of sockets, lock and journal.
  ///
  /// - Throws: `ConfigurationError` with the directory.
  func makeDirectories() throws {
    for directory in [settings.runDirectory, settings.stateDirectory] {
      do {
        try PrivateFile.directory(directory, isPassage: directory == settings.runDirectory)
      } catch {
        throw ConfigurationError(
          description: "\(directory) can't be used: \(error) (only this user may have access)")
      }
    }
  }

  /// The path of the control socket.
  var controlSocket: String { settings.runDirectory + "/reaper.sock" }

  /// Every pod with its verdict, from the service or, without one, by observing.
  ///
  /// - Parameters:
  ///   - format: the format of the report.
  ///   - terminal: the terminal that shows it; nil for plain text of any width.
  ///   - recordsAbsence: whether to print a note on standard error if no service runs.
  /// - Returns: the report, without a newline at the end.
  /// - Throws: `PodNotFound` with the reaper's error.
  package func status(
    _ format: ReportFormat, for terminal: Terminal? = nil, recordsAbsence: Bool = true
  ) async throws -> String {
    let text: String
    if let response = LineClient.request(controlSocket, "status") {
      text = response
    } else {
      if recordsAbsence {
        StandardError.line(
          "pod-reaper: no service responds at \(controlSocket); this report is a direct observation"
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
  ///   - format: the format of the report.
  ///   - terminal: the terminal that shows it; nil for plain text of any width.
  /// - Returns: the report, without a newline at the end.
  /// - Throws: `PodNotFound` with the reaper's error.
  package func explain(
    _ pod: String, _ format: ReportFormat, for terminal: Terminal? = nil
  ) async throws -> String {
    let line = "explain \(pod.filter { !$0.isNewline })"
    let text: String
    if let response = LineClient.request(controlSocket, line) {
      text = response
    } else {
      text = await ControlCommands(reaper: reaper).respond(to: line)
    }
    let report: PodReport = try Self.decode(text)
    return format == .json ? text : Explanation.text(report, for: terminal)
  }

  /// Decodes a response of the reaper, or throws the error in it.
  private static func decode<T: Decodable>(_ text: String) throws -> T {
    if text.hasPrefix("error: ") {
      throw PodNotFound(description: String(text.dropFirst("error: ".count)))
    }
    return try JSONDecoder().decode(T.self, from: Array(text.utf8))
  }
}
