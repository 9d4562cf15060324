import Foundation
import TestSupport
import Testing

/// The exit status of a process; Testing has its own type with this name.
typealias ExitStatus = TestSupport.ExitStatus

/// A pod that a test runs: `compose-executor run` in its own directory, which serves as the
/// sandbox.
struct RunningPod: Sendable {
  /// The engine that it runs on.
  let engine: TestEngine
  /// The executor's process.
  let executor: RunningCommand
  /// The directory of the Compose file.
  let sandbox: TemporaryDirectory
  /// Mesos' container ID, different for each pod.
  let run: String
  /// The task's ID, different for each pod.
  let task: String

  /// Sends a signal to the executor.
  func send(_ signal: Int32) { executor.send(signal) }

  /// Waits for TASK_RUNNING and returns its message.
  @discardableResult
  func running(within: Duration = .seconds(180)) async throws -> String {
    let line = try await executor.line("TASK_RUNNING", within: within) {
      Self.state(in: $0)?.name == "TASK_RUNNING"
    }
    return Self.state(in: line)?.message ?? ""
  }

  /// Waits for a line of a service's standard output (or error).
  func says(
    _ text: String, service: String, in stream: RunningCommand.Stream = .stdout,
    within: Duration = .seconds(180)
  ) async throws {
    try await executor.line("“\(service) | \(text)”", in: stream, within: within) {
      $0 == "\(service) | \(text)"
    }
  }

  /// Waits for the executor's exit.
  @discardableResult
  func ended(within: Duration = .seconds(180)) async throws -> PodEnd {
    PodEnd(try await executor.result(within: within))
  }

  /// The output of a service on standard output (or error) so far, without its name before each
  /// line.
  func output(of service: String, _ stream: RunningCommand.Stream = .stdout) -> [String] {
    PodEnd.lines(of: service, in: executor.lines(stream))
  }

  /// The state in a line of the executor's standard output; nil for other lines.
  static func state(in line: String) -> (name: String, message: String)? {
    let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, words[0].hasSuffix("Z"), words[1].hasPrefix("TASK_") else { return nil }
    return (String(words[1]), String(words[2]))
  }
}

/// The result of a pod, and the executor's output.
struct PodEnd: Sendable, CustomStringConvertible {
  /// The executor's own exit status.
  let status: ExitStatus
  /// Every printed state, in order.
  let states: [String]
  /// The last state's message.
  let message: String
  /// Lines on standard output.
  let stdout: [String]
  /// Lines on standard error.
  let stderr: [String]

  init(_ result: CommandResult) {
    let lines = [result.stdout, result.stderr].map { text in
      // Splits bytes: a carriage return and a newline are one character.
      var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      if lines.last?.isEmpty == true { lines.removeLast() }
      return lines
    }
    self.init(status: result.status, stdout: lines[0], stderr: lines[1])
  }

  /// The result of a pod so far.
  init(soFar pod: RunningPod) {
    self.init(
      status: pod.executor.status ?? .signaled(0), stdout: pod.executor.lines(.stdout),
      stderr: pod.executor.lines(.stderr))
  }

  private init(status: ExitStatus, stdout: [String], stderr: [String]) {
    self.status = status
    self.stdout = stdout
    self.stderr = stderr
    let told = stdout.compactMap { RunningPod.state(in: $0) }
    states = told.map(\.name)
    message = told.last?.message ?? ""
  }

  /// The output of a service, without its name before each line.
  func output(of service: String, _ stream: RunningCommand.Stream = .stdout) -> [String] {
    Self.lines(of: service, in: stream == .stdout ? stdout : stderr)
  }

  static func lines(of service: String, in lines: [String]) -> [String] {
    let prefix = "\(service) | "
    return lines.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  var description: String {
    "\(status)\n" + (stdout + stderr).suffix(30).joined(separator: "\n")
  }
}

/// Additions of a test to the executor's command line and environment.
struct PodSettings: Sendable {
  /// Offered ports.
  var ports: [Int]?
  /// More options for `run`.
  var options: [String] = []
  /// Variables on top of the test's own.
  var environment: [String: String] = [:]
  /// More files of the sandbox, by path.
  var files: [String: String] = [:]
  /// A shell script whose last command starts the executor: `exec "$@"`.
  var shell: String?
  /// The executor's command line without its arguments.
  var executor = [BuiltProgram.composeExecutor]
  /// The task's ID; nil for a unique one.
  var task: String?
  /// The container ID; nil for a unique one.
  var run: String?
}

/// Runs a pod, calls `body` with it, and checks that it stops and leaves no object. A pod that
/// still runs after `body`, or whose test failed, is stopped.
@discardableResult
func withPod<Result>(
  on engine: TestEngine, _ compose: String, _ settings: PodSettings = PodSettings(),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (RunningPod) async throws -> Result
) async throws -> Result {
  try await withTemporaryDirectory { sandbox in
    try sandbox.write("compose.yaml", compose)
    for (name, text) in settings.files { try sandbox.write(name, text) }
    let run = settings.run ?? UUID().uuidString.lowercased()
    let task = settings.task ?? "it-\(run.prefix(8))"
    let pod = RunningPod(
      engine: engine, executor: try command(run, task, sandbox, engine, settings).start(),
      sandbox: sandbox, run: run, task: task)
    let result: Swift.Result<Result, any Error>
    do {
      result = .success(try await body(pod))
    } catch {
      result = .failure(error)
    }
    if pod.executor.status == nil {
      pod.send(SIGTERM)
      do {
        try await pod.executor.exit(within: .seconds(180))
      } catch {
        Issue.record("the executor didn't end when told to", sourceLocation: sourceLocation)
      }
    }
    try await expectNothingLeft(of: pod, sourceLocation: sourceLocation)
    if case .failure = result {
      print("\(task) printed:\n\(PodEnd(soFar: pod))")
    }
    return try result.get()
  }
}

private func command(
  _ run: String, _ task: String, _ sandbox: TemporaryDirectory, _ engine: TestEngine,
  _ settings: PodSettings
) -> Command {
  var arguments = ["run", "--run-id", run, "--task-id", task]
  if let ports = settings.ports {
    arguments += ["--ports", ports.map(String.init).joined(separator: ",")]
  }
  if !settings.options.contains("-f") { arguments += ["-f", "compose.yaml"] }
  arguments += settings.options
  let environment = ["DOCKER_HOST": engine.dockerHost].merging(settings.environment) { $1 }
  let words = engine.enter(
    (settings.shell.map { ["/bin/sh", "-ec", $0, "sh"] } ?? []) + settings.executor + arguments)
  return Command(
    words[0], Array(words.dropFirst()), environment: environment, directory: sandbox.path)
}

/// Runs a pod that stops by itself, and returns its result.
func podEnd(
  on engine: TestEngine, _ compose: String, _ settings: PodSettings = PodSettings(),
  within: Duration = .seconds(180), sourceLocation: SourceLocation = #_sourceLocation
) async throws -> PodEnd {
  try await withPod(on: engine, compose, settings, sourceLocation: sourceLocation) {
    try await $0.ended(within: within)
  }
}
