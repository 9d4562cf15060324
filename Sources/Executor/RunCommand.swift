import Concurrency
import ArgumentParser
import CSignals
import Compose
import Dispatch
import DockerEngine
import Glibc
import Logging
import OrderedCollections
import PodRuntime
import Program
import Synchronization
import Linux
import ComposeArguments

/// `compose-executor run`: the same pod as under Mesos, on this host, without Mesos.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a Compose file as a pod on this host, without Mesos.",
    discussion: """
      Prints the task's states with time and message; the containers' output comes on stdout and stderr as in \
      a sandbox. Ctrl-C or TERM ends the pod.
      """)

  @OptionGroup var files: FileOptions
  @OptionGroup var task: TaskOptions

  @Option(
    help: "What to say on stderr: debug, info, warning or error.",
    completion: .list(["debug", "info", "warning", "error"]))
  var logLevel: String?

  func run() async throws {
    ComposeExecutor.beginPod()
    let reading = Reading()
    let signals = await TerminationSignals {
      Int(signals_take_early($0))
    } arrived: { signal in
      reading.note(signal)
    }
    let environment = ProcessEnvironment.current
    let request: PodRequest
    let engine: DockerEngine
    let info: Task<EngineInfo, any Error>
    let level: Logger.Level
    do {
      let settings = Settings(environment: environment, file: try OperatorFile())
      level = try settings.logLevel(option: logLevel)
      // The engine takes its time to tell of itself: the file is read meanwhile.
      let asked = try DockerEngine(environment: environment)
      engine = asked
      info = Task { try await asked.info() }
      let ids = try task.ids(settings)
      let project = try files.project(
        name: nil, confine: true, bound: try task.bound(),
        readableDirectories: settings.file.policy.readableDirectories, podName: ids.podName(of:),
        ports: task.offeredPorts(settings), environment: environment)
      var made = try task.request(for: project, ids: ids, settings: settings)
      if !settings.file.policy.isRestricted, let notice = UnrestrictedNotice.first() {
        made.notes.append(notice)
      }
      request = made
    } catch {
      throw CommandFailure(of: error)
    }
    reading.isOver()
    let output = PodOutput(
      standardOutput: OutputWriter(descriptor: STDOUT_FILENO),
      standardError: OutputWriter(descriptor: STDERR_FILENO),
      isColoured: isatty(STDOUT_FILENO) == 1)
    let log = Logger(label: "compose-executor") { _ in StandardErrorLog(logLevel: level) }
    let states = StateLines(output: output.standardOutput)
    let pod = Pod(
      request: request, engine: engine, info: info, output: output, environment: environment,
      log: log
    ) { update in
      states.say(update, of: request)
    }
    let arrivals = signals.stream
    let watch = Task {
      var count = 0
      for await signal in arrivals {
        count += 1
        // Who asks again doesn't want to wait.
        await pod.kill(
          grace: count > 1 ? .zero : nil, message: "killed by \(TerminationSignals.name(signal))")
      }
    }
    let lease = Lease(run: request.run, environment: environment, log: log)
    let keeping = Task { await lease.keep() }
    let outcome = await pod.run()
    if outcome.leftovers.isEmpty { lease.release() }
    keeping.cancel()
    withExtendedLifetime(signals) {}
    watch.cancel()
    states.say(outcome)
    await states.end(within: .seconds(5))
    if let unwritten = output.unwritten { log.warning("\(unwritten)") }
    if !outcome.leftovers.isEmpty { throw ExitCode(1) }
    switch outcome.state {
    case .finished: return
    case .failed: throw ExitCode(1)
    case .killed: throw ExitCode(130)
    }
  }
}

/// The time in which the files are read: they may come from where there is no end. Nobody listens to signals by then but
/// this, on a thread that waits for nothing.
private final class Reading: Sendable {
  private let isDone = Atomic(false)

  /// Ends the process some time after a signal, unless there is a pod by then, which ends as killed.
  func note(_ signal: Int32) {
    if isDone.load(ordering: .relaxed) { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + 2) {
      if self.isDone.load(ordering: .relaxed) { return }
      StandardError.line(
        "compose-executor: \(TerminationSignals.name(signal)) came while the files were read: nothing was started"
      )
      endProcess(130)
    }
  }

  func isOver() { isDone.store(true, ordering: .relaxed) }
}

/// Prints what Mesos would be told, in order, and never holds up the pod for that.
struct StateLines: Sendable {
  private let lines: AsyncStream<String>.Continuation
  private let writing: Task<Void, Never>

  init(output: OutputWriter) {
    let (stream, lines) = AsyncStream.makeStream(of: String.self)
    self.lines = lines
    writing = Task { for await line in stream { await output.line(line) } }
  }

  /// Waits until all are written, at most so long.
  func end(within limit: Duration) async {
    lines.finish()
    _ = await writing.hasEnded(within: limit)
  }

  func say(_ update: PodUpdate, of request: PodRequest) {
    switch update {
    case .starting:
      let count = request.project.services.count
      say(
        "TASK_STARTING",
        "task \(request.taskID), run \(request.run), \(count) service\(count == 1 ? "" : "s")")
    case .running(let addresses):
      let ports = addresses.ports.map {
        "\($0.service):\($0.port.container) on host port \($0.host)"
      }
      say(
        "TASK_RUNNING",
        ports.isEmpty
          ? "every service is up" : "every service is up; " + ports.joined(separator: ", "))
    }
  }

  func say(_ outcome: PodOutcome) {
    let state =
      switch outcome.state {
      case .finished: "TASK_FINISHED"
      case .failed: "TASK_FAILED"
      case .killed: "TASK_KILLED"
      }
    say(state, outcome.line)
  }

  private func say(_ state: String, _ message: String) {
    lines.yield("\(Timestamp.now) \(state) \(Printable.line(message))")
  }
}
