import Concurrency
import ArgumentParser
import CSignals
import Compose
import Dispatch
import DockerEngine
import Glibc
import Logging
import OrderedCollections
import PodControl
import PodRuntime
import Program
import Settings
import Synchronization
import Linux
import ComposeArguments

/// `compose-executor run`: runs the same pod as under Mesos on this host, without Mesos.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a Compose file as a pod on this host, without Mesos.",
    discussion: """
      Prints the task's states with time and message, and the containers' output on stdout and stderr as in \
      a sandbox. Ctrl-C or TERM stops the pod.

      During the launch, stderr shows images, networks, volumes and services: redrawn in place on a terminal, \
      else one line for each change, and every 30 s the steps that aren't complete.
      """)

  @OptionGroup var files: FileOptions
  @OptionGroup var task: TaskOptions
  @OptionGroup var display: DisplayOptions

  @Option(
    help:
      "Exit with this service's exit code, and stop the pod when the service has exited. It is the main service, and all others without a role are sidecars."
  )
  var exitCodeFrom: String?

  @Flag(help: "Stop the pod when the first service has exited, as --mains any does.")
  var abortOnContainerExit = false

  @Flag(help: "Stop the pod when a service has failed. This is always enabled.")
  var abortOnContainerFailure = false

  @Option(
    help: "The lowest level of messages on stderr: debug, info, warning or error.",
    completion: .list(["debug", "info", "warning", "error"]))
  var logLevel: String?

  func run() async throws {
    ComposeExecutor.beginPod()
    let reading = Reading()
    let signals = await TerminationSignals {
      Int(signals_take_early($0))
    } arrived: { signal in
      reading.record(signal)
    }
    let environment = ProcessEnvironment.current
    let request: PodRequest
    let engine: DockerEngine
    let info: Task<EngineInfo, any Error>
    let level: Logger.Level
    let form: DisplayOptions.Form
    let controlGroup: String?
    do {
      form = try display.form(environment: environment)
      let settings = Settings(environment: environment, file: try OperatorConfiguration())
      level = try settings.logLevel(option: logLevel)
      controlGroup = settings.file.controlGroup
      // The engine's response takes time, so it is requested before the files are read.
      let requested = try DockerEngine(environment: environment)
      engine = requested
      info = Task { try await requested.info() }
      let ids = try task.ids(settings)
      let project = try files.project(
        name: nil, confine: true, bound: try task.bound(),
        readableDirectories: settings.file.policy.readableDirectories, podName: ids.podName(of:),
        ports: task.offeredPorts(settings), environment: environment)
      var made = try task.request(for: project, ids: ids, settings: settings) { options in
        if abortOnContainerExit { options.mains = .any }
        guard let exitCodeFrom else { return }
        guard project.services[exitCodeFrom] != nil else {
          throw ConfigurationError(
            description: "--exit-code-from '\(exitCodeFrom)': the file has no service of that name")
        }
        if let role = options.roles[exitCodeFrom], role != .main {
          throw ConfigurationError(
            description:
              "--exit-code-from '\(exitCodeFrom)' makes it the main service, and --roles gives it the role \(role.rawValue)"
          )
        }
        for service in project.services.values
        where options.roles[service.name] == nil && service.podSettings.role == nil {
          options.roles[service.name] = .sidecar
        }
        options.roles[exitCodeFrom] = .main
      }
      if !settings.file.policy.isRestricted, let notice = UnrestrictedNotice.first() {
        made.notes.append(notice)
      }
      request = made
    } catch {
      if display.format == .json { throw RunJSON.failure(error) }
      throw CommandError(of: error)
    }
    reading.isOver()
    let shown = RunDisplay(form, level: level, environment: environment)
    let log = shown.log
    let lease = Lease(run: request.run, environment: environment, log: log)
    let pod = Pod(
      request: request, engine: engine, info: info, output: shown.output, environment: environment,
      log: log
    ) { update in
      shown.states.report(update, of: request)
    }
    shown.follow(pod)
    let arrivals = signals.stream
    let watch = Task {
      var count = 0
      for await signal in arrivals {
        count += 1
        if count == 1, isatty(STDERR_FILENO) == 1 {
          log.notice("stopping the pod; a second ctrl-C kills the remaining containers")
        }
        // A second signal requests an immediate kill.
        await pod.kill(
          grace: count > 1 ? .zero : nil, message: "killed by \(TerminationSignals.name(signal))")
      }
    }
    let keeping = Task { await lease.keep() }
    let figures = FigureReporter(pod, task: request.taskID, lease: lease)
    let measuring = Task { await figures.follow() }
    let control = ControlHandler(pod, task: request.taskID)
      .listen(run: request.run, group: controlGroup, log: log)
    let outcome = await pod.run()
    control?.close()
    await measuring.value
    lease.finish(isClean: outcome.leftovers.isEmpty)
    keeping.cancel()
    withExtendedLifetime(signals) {}
    watch.cancel()
    await shown.end(outcome, of: request)
    await control?.stop()
    if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
  }
}

/// Handles signals while the files are read. A file can be endless, for example a pipe, and no
/// other code handles signals at that time. The handler runs on a thread that does not block.
private final class Reading: Sendable {
  private let isDone = Atomic(false)

  /// Exits two seconds after a signal, unless the files have been read by then: the pod then
  /// handles the signal.
  func record(_ signal: Int32) {
    if isDone.load(ordering: .relaxed) { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + 2) {
      if self.isDone.load(ordering: .relaxed) { return }
      StandardError.line(
        "compose-executor: received \(TerminationSignals.name(signal)) while reading the files: nothing was started"
      )
      endProcess(130)
    }
  }

  func isOver() { isDone.store(true, ordering: .relaxed) }
}
