import ArgumentParser
import DockerEngine
import Glibc
import Linux
import PodIdentity
import PodObjects
import PodRuntime
import Program

/// `compose-executor logs`: prints the output of a pod's services, like `docker compose logs`.
struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print the output of a pod's services.",
    discussion: """
      Reads the engine's logs. If the pod is gone, reads stdout and stderr of its sandbox.
      """)

  @OptionGroup var pod: PodArgument

  @Argument(
    help: "The services, or single containers as SERVICE-N. Default: all.",
    completion: .custom(PodCompletion.services))
  var services: [String] = []

  @Flag(name: .shortAndLong, help: "Follow the output, also after restarts, until the pod is gone.")
  var follow = false

  @Option(
    name: [.customShort("n"), .long],
    help: "The number of last lines of each container, or all. Default: all.")
  var tail: String?

  @Option(
    help: "Print lines since a time (2026-01-31T12:00:00Z), seconds since 1970, or an age (10m).")
  var since: String?

  @Option(help: "Print lines until a time, in the format of --since.")
  var until: String?

  @Flag(name: .shortAndLong, help: "Show when each line was written.")
  var timestamps = false

  @Flag(help: "The same as --ansi never.")
  var noColor = false

  @Option(
    help: "When to use colors: never, auto or always. Default: auto.",
    completion: .list(AnsiMode.allCases.map(\.rawValue)))
  var ansi: String?

  @Flag(help: "Print lines without the service's name.")
  var noLogPrefix = false

  @Option(
    help: "The format: text, or json (one object per line). Default: text.",
    completion: .list(LogStyle.Format.allCases.map(\.rawValue)))
  var format: String?

  @Option(
    help: "The sandbox to read instead of the engine's logs.", completion: .directory)
  var sandbox: String?

  @Option(
    help:
      "The agent's --work_dir, which is searched for the sandbox of a removed pod. Default: MESOS_WORK_DIR, else the usual directories.",
    completion: .directory)
  var workDir: String?

  func run() async throws {
    let environment = ProcessEnvironment.current
    let style = try style(environment)
    let range = try range()
    let sandboxes = SandboxSearch(option: workDir, environment: environment)
    let scope = LogScope(services: services, range: range, style: style, sandboxes: sandboxes)
    let output = OutputWriter(descriptor: STDOUT_FILENO)
    try await print(scope, sandboxes, to: output, environment)
    if let failure = await output.failure { throw CommandError(failure, code: 1) }
  }

  private func print(
    _ scope: LogScope, _ sandboxes: SandboxSearch, to output: OutputWriter,
    _ environment: [String: String]
  ) async throws {
    if let sandbox { return try await print(sandbox, scope, to: output) }
    let host = try HostPods(environment: environment, timeout: .seconds(60))
    let found: ListedPod
    do {
      found = try await pod.findContainers(on: host)
    } catch {
      // Where several running pods match, the command does not search the sandboxes of removed
      // pods.
      let isKnown = try await host.list().map(\.identity).contains { identity in
        [identity.taskID, identity.executorID, identity.run].contains { $0.hasPrefix(pod.pod) }
      }
      guard let error = error as? CommandError, !isKnown else { throw error }
      return try await print(try gone(sandboxes, error.message), scope, to: output)
    }
    try check(found)
    if found.services.isEmpty, !follow, let path = sandboxes.sandbox(of: found.identity) {
      return try await print(path, scope, to: output)
    }
    do {
      if follow {
        try await LogFollower(
          engine: host.engine, identity: found.identity, output: output, scope: scope
        ).run()
      } else {
        try await print(found, scope, host.engine, to: output)
      }
    } catch let error as EngineError {
      throw CommandError("\(error)", code: 1)
    }
  }

  private func style(_ environment: [String: String]) throws(CommandError) -> LogStyle {
    let mode = ansi.map { AnsiMode(rawValue: $0) } ?? (noColor ? .never : .auto)
    guard let mode else {
      throw CommandError("--ansi \(ansi ?? ""): expected never, auto or always", code: 2)
    }
    guard let format = LogStyle.Format(rawValue: format ?? "text") else {
      throw CommandError("--format \(format ?? ""): expected text or json", code: 2)
    }
    return LogStyle(
      format: format, hasPrefix: !noLogPrefix, hasTimes: timestamps,
      terminal: Terminal(descriptor: STDOUT_FILENO, mode: mode, environment: environment))
  }

  private func range() throws(CommandError) -> LogRange {
    var range = LogRange()
    let now = LogTime.now
    for (name, text, path) in [
      ("since", since, \LogRange.since), ("until", until, \LogRange.until),
    ] {
      guard let text else { continue }
      guard let moment = LogTime.option(text, now: now) else {
        throw CommandError(
          "--\(name) \(text): expected a time such as 2026-01-31T12:00:00Z, seconds since 1970, or how long ago, such as 10m",
          code: 2)
      }
      range[keyPath: path] = moment
    }
    if let tail, tail != "all" {
      // As in Docker Compose, a negative number means all lines.
      guard let count = Int(tail) else {
        throw CommandError("--tail \(tail): expected a number of lines, or all", code: 2)
      }
      range.tail = count < 0 ? nil : count
    }
    return range
  }

  private func check(_ pod: ListedPod) throws(CommandError) {
    for service in services where pod.containers(of: service).isEmpty && !follow {
      let names = Set(pod.services.map(\.service)).sorted().joined(separator: ", ")
      throw CommandError(
        "pod '\(pod.identity.taskID)' has no service '\(service)'"
          + (names.isEmpty ? ": it has no containers" : "; it has \(names)"), code: 1)
    }
  }

  /// Prints the logs of the existing containers.
  private func print(
    _ pod: ListedPod, _ scope: LogScope, _ engine: DockerEngine, to output: OutputWriter
  ) async throws {
    var logs: [(ContainerLog, OutputFrames.AsyncIterator)] = []
    var isUnreadable = false
    for container in scope.containers(of: pod) {
      do {
        let isTerminal = try await engine.inspectContainer(container.id).config.tty
        let log = ContainerLog(
          container, isTerminal: isTerminal, engine: engine, range: scope.range,
          renderer: scope.renderer(of: container, in: pod))
        logs.append((log, try await log.open(follow: false)))
      } catch let error as EngineError where error.isNotFound {
        continue
      } catch let error as EngineError where LogScope.isUnreadable(error) {
        isUnreadable = true
        scope.warnOfDriver(container, pod.identity)
      }
    }
    try await MergedLogs.print(logs, to: output)
    if isUnreadable { throw ExitCode(1) }
  }

  /// The sandbox of a pod that no longer exists.
  private func gone(_ search: SandboxSearch, _ reason: String) throws(CommandError) -> String {
    let found = search.find(pod.pod, framework: pod.framework)
    let locations = search.directories.joined(separator: ", ")
    if found.sandboxes.count == 1 { return found.sandboxes[0].path }
    if found.sandboxes.isEmpty {
      throw CommandError(
        "\(reason), and no sandbox of the pod was found below \(locations)"
          + (found.isCut ? " (the search took too long and was stopped)" : "")
          + ": set the sandbox with --sandbox, or the agent's directory with --work-dir", code: 1)
    }
    let names = found.sandboxes.prefix(10).map { "\($0.executor) (run \($0.run))" }
    let rest = found.sandboxes.count - names.count
    throw CommandError(
      "\(reason), and '\(pod.pod)' matches \(found.sandboxes.count) sandboxes: "
        + names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : ""), code: 1)
  }

  private func print(
    _ sandbox: String, _ scope: LogScope, to output: OutputWriter
  ) async throws {
    if since != nil || until != nil || timestamps {
      StandardError.line(
        "compose-executor: a sandbox's lines have no times: --since, --until and --timestamps have no effect"
      )
    }
    do throws(SandboxLog.Failure) {
      var log = try SandboxLog(
        sandbox, services: services, style: scope.style, tail: scope.range.tail)
      try await log.print(to: output)
    } catch {
      throw CommandError(error.description, code: 1)
    }
  }
}

extension OutputWriter {
  /// Why standard output can't be written any more; nil where it can, or where its reader is gone.
  var failure: String? { brokenBy.flatMap { StandardOutput.failure($0) } }
}
