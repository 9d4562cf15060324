import Concurrency
import Glibc
import Logging
import PodRuntime
import Program
import Synchronization

/// The output of `run`: states, events, the containers' output, the launch and the log.
final class RunDisplay: Sendable {
  /// Receives the containers' output.
  let output: PodOutput
  /// Prints to standard error, above the lines of the launch.
  let log: Logger
  /// Prints the task's states.
  let states: RunStates
  private let isJSON: Bool
  private let target: LaunchReporter.Target
  private let lines: LineQueue
  private let logLines: LineQueue?
  private let launchEnd = LaunchEnd()
  private let work = Mutex<[Task<Void, Never>]>([])

  /// Prepares all outputs without printing anything.
  ///
  /// - Parameters:
  ///   - form: the output options.
  ///   - level: the level of the log.
  ///   - environment: the source of NO_COLOR, TERM and COLUMNS.
  init(_ form: DisplayOptions.Form, level: Logger.Level, environment: [String: String]) {
    let colors = Terminal(descriptor: STDOUT_FILENO, mode: form.ansi, environment: environment)
    let terminal = Terminal(descriptor: STDERR_FILENO, mode: form.ansi, environment: environment)
    var region: OutputRegion?
    switch form.progress {
    case .quiet: target = .nothing
    case .auto where terminal.canRedraw, .tty where terminal.isTerminal:
      let new = OutputRegion(descriptor: STDERR_FILENO)
      region = new
      target = .screen(
        new, terminal, descriptor: STDERR_FILENO,
        width: environment["COLUMNS"] == nil ? nil : terminal.columns)
    case .auto, .tty, .plain: target = .log
    }
    isJSON = form.format == .json
    let isShared = Terminal.isSame(STDOUT_FILENO, STDERR_FILENO)
    let standardError = OutputWriter(descriptor: STDERR_FILENO, above: region)
    output = PodOutput(
      standardOutput: OutputWriter(descriptor: STDOUT_FILENO, above: isShared ? region : nil),
      standardError: standardError, isColored: colors.isColored, isJSON: isJSON)
    lines = LineQueue(output.standardOutput)
    let logLines = region.map { _ in LineQueue(standardError) }
    self.logLines = logLines
    log = Logger(label: "compose-executor") { _ in
      StandardErrorLog(logLevel: level) { line in
        if logLines?.add(Array("\(line)\n".utf8)) != true { StandardError.line(line) }
      }
    }
    let launchEnd = launchEnd
    states = RunStates(to: lines, isJSON: isJSON) { await launchEnd.wait(within: .seconds(5)) }
  }

  /// Starts to print the progress of a pod.
  func follow(_ pod: Pod) {
    let reporter = LaunchReporter(pod, to: target, log: log, end: launchEnd)
    let (isJSON, lines) = (isJSON, lines)
    work.withLock { work in
      work.append(Task { await reporter.follow() })
      if isJSON { work.append(Task { await RunJSON.follow(pod, to: lines) }) }
    }
  }

  /// Prints the outcome of the pod after all other output, within time limits for slow readers.
  func end(_ outcome: PodOutcome, of request: PodRequest) async {
    for task in work.withLock({ $0 }) { _ = await task.hasEnded(within: .seconds(5)) }
    states.report(outcome, of: request)
    await states.end(within: .seconds(5))
    await lines.end(within: .seconds(5))
    if let unwritten = output.unwritten { log.warning("\(unwritten)") }
    await logLines?.end(within: .seconds(2))
  }
}
