import Foundation
import HTTPClient
import JSON
import Logging
import MesosExecutor
import Synchronization
import TestSupport

/// A fake agent, a session with it, and the events of the session.
final class Stage: Sendable {
  let agent: FakeAgent
  let session: MesosSession
  let client: HTTPClient
  let log = LineRecorder()
  private let seen = Mutex<[SessionEvent]>([])

  init(
    agent: FakeAgent, environment: MesosEnvironment, timing: SessionDependencies,
    deadlines: SessionDeadlines, limits: SessionLimits
  ) {
    self.agent = agent
    client = HTTPClient()
    var logger = Logger(label: "test") { [log] _ in log }
    logger.logLevel = .trace
    session = MesosSession(
      environment: environment, client: client, timing: timing, deadlines: deadlines,
      limits: limits, log: logger)
  }

  var events: [SessionEvent] { seen.withLock { $0 } }

  func record() async {
    for await event in session.events { seen.withLock { $0.append(event) } }
  }

  /// The events in short form, such as `subscribed`, `again`, `launch a`, `kill a 2.0 seconds` or
  /// `ended …`.
  var story: [String] {
    events.filter { if case .acknowledged = $0 { false } else { true } }.map { event in
      switch event {
      case .subscribed(_, let isFirst): isFirst ? "subscribed" : "again"
      case .launch(let task): "launch \(task.taskID)"
      case .launchGroup(let tasks): "group" + tasks.map { " \($0.taskID)" }.joined()
      case .kill(let task, let grace): "kill \(task) \(grace.map { "\($0)" } ?? "-")"
      case .refused(let task): "refused \(task)"
      case .acknowledged(let task): "acknowledged \(task)"
      case .message(let data): "message \(String(decoding: data, as: UTF8.self))"
      case .shutdown: "shutdown"
      case .ended(let end): "ended \(end)"
      }
    }
  }

  /// Waits until the story has this number of events with a prefix.
  func happens(_ prefix: String, times: Int = 1) async throws {
    try await eventually("\(times) × \(prefix) in \(story)") {
      story.count { $0.hasPrefix(prefix) } >= times
    }
  }

  /// Waits until the agent has handled updates with exactly these states, in this order.
  func takes(_ states: String...) async throws {
    try await eventually("\(states) taken") { agent.taken.map(\.state) == states }
  }

  @discardableResult
  func send(_ task: TaskID, _ state: TaskState, _ message: String? = nil) async -> Base64Bytes? {
    await session.send(TaskUpdate(taskID: task, state: state, message: message))
  }
}

/// Records the log of a session.
struct LineRecorder: LogHandler {
  private final class Store: Sendable {
    let lines = Mutex<[String]>([])
  }

  private let store = Store()
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace
  var lines: [String] { store.lines.withLock { $0 } }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    store.lines.withLock { $0.append("\(event.level): \(event.message)") }
  }
}

extension SessionLimits {
  /// Limits without a minimum backoff.
  static let quick = SessionLimits(leastBackoff: .zero)
}

/// Runs `body` with a session that is running, and ends the session afterwards.
func withSession<Result>(
  agent given: FakeAgent? = nil, environment: MesosEnvironment? = nil,
  timing: SessionDependencies = .system, deadlines: SessionDeadlines = SessionDeadlines(),
  limits: SessionLimits = .quick, _ body: (Stage) async throws -> Result
) async throws -> Result {
  let agent = try given ?? FakeAgent()
  defer { agent.server.stop() }
  let stage = Stage(
    agent: agent, environment: environment ?? agent.environment(), timing: timing,
    deadlines: deadlines, limits: limits)
  async let recording: Void = stage.record()
  let running = Task { await stage.session.run() }
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body(stage)) } catch { result = .failure(error) }
  running.cancel()
  _ = await running.value
  await recording
  return try result.get()
}
