import Concurrency
import HTTPClient
import JSON
import Logging

/// An executor's session with its agent over the v1 executor API (Mesos,
/// docs/executor-http-api.md). It lives as long as the executor and survives restarts of the agent.
///
/// Start ``run()`` once, in a task of its own, and read ``events``. Cancel the task to stop the
/// session. Updates can be sent at any time. The session keeps them until they are acknowledged,
/// sends them one at a time in their order, and repeats them with every new subscription under the
/// same uuid.
package actor MesosSession {
  /// The events of the session, for one reader; the stream finishes when ``run()`` returns.
  package nonisolated let events: AsyncStream<SessionEvent>
  /// The agent's settings, from the environment.
  package nonisolated let environment: MesosEnvironment

  let client: HTTPClient
  let timing: SessionDependencies
  let deadlines: SessionDeadlines
  let limits: SessionLimits
  let log: Logger
  private let sink: AsyncStream<SessionEvent>.Continuation
  private let changes = AsyncCondition()

  // State that the extensions in other files share.
  var outbox = Outbox()
  /// Whether calls other than SUBSCRIBE may be sent.
  var isSubscribed = false
  /// Whether the agent has accepted the current attempt to subscribe, even if the stream has broken
  /// since then.
  var isAccepted = false
  /// The event stream; nil without one.
  var stream: HTTPBody?
  /// Why the session closed a stream that the agent had not closed.
  var streamBreak: String?
  /// The UPDATE in progress.
  var callInFlight: Task<CallResponse, Never>?
  /// How many times in a row the agent has responded that it does not know the executor.
  var timesUnknown = 0
  /// How many times in a row the agent has refused the subscription.
  var timesRefused = 0
  /// The time since which the agent has refused calls without accepting one.
  var refusedSince: Duration?
  /// False once the agent has refused a reason that agents of 1.0 do not know.
  var acceptsNewerReasons = true
  /// When the stream last carried an event, and a heartbeat.
  var lastRecord = Duration.zero
  var lastHeartbeat: Duration?
  /// The longest time between two heartbeats of the stream: the agent's interval, which it does not
  /// send.
  var heartbeatInterval: Duration?
  /// The number of events of the stream that could not be decoded.
  var unreadableEvents = 0
  private var lines = LineLimit()
  /// The number of subscriptions that the agent has accepted.
  private(set) var subscriptionCount = 0
  var isShuttingDown = false
  private var hasStarted = false
  private var end: SessionEnd?
  private var isOver = false

  /// The contents of the last SUBSCRIBED; nil before the first.
  package private(set) var subscription: Subscription?

  /// A session that has not started.
  /// - Parameters:
  ///   - environment: the settings that the agent has set.
  ///   - client: sends the calls; a separate client has separate connections.
  ///   - timing: clocks and random numbers.
  ///   - deadlines: the longest times of calls.
  ///   - limits: the limits for an agent's faults.
  ///   - log: the log of the session.
  package init(
    environment: MesosEnvironment, client: HTTPClient = HTTPClient(),
    timing: SessionDependencies = .system, deadlines: SessionDeadlines = SessionDeadlines(),
    limits: SessionLimits = SessionLimits(), log: Logger = Logger(label: "mesos")
  ) {
    self.environment = environment
    self.client = client
    self.timing = timing
    self.deadlines = deadlines
    self.limits = limits
    self.log = log
    (events, sink) = AsyncStream.makeStream(of: SessionEvent.self)
  }

  // MARK: - For the executor

  /// Subscribes, stays subscribed and sends updates until the session is over.
  /// - Returns: why it is over, the same as in the last event; nil if the task was canceled.
  @discardableResult
  package func run() async -> SessionEnd? {
    // A session runs only once.
    guard !hasStarted else { return end }
    hasStarted = true
    let end = await withTaskGroup(of: SessionEnd?.self) { group in
      group.addTask { await self.staySubscribed() }
      group.addTask { await self.deliver() }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    self.end = end
    isOver = true
    isSubscribed = false
    if let end {
      log.error("the session with the agent has ended: \(end)")
      sink.yield(.ended(end))
    }
    sink.finish()
    changes.notifyAll()
    return end
  }

  /// Sends an update, or keeps it until it can be sent.
  ///
  /// TASK_KILLING is dropped if the framework has not declared its support, and so is any update of
  /// a task after its terminal update.
  /// - Returns: the update's uuid; nil if it was dropped.
  @discardableResult
  package func send(_ update: TaskUpdate) -> Base64Bytes? {
    if update.state == .killing,
      subscription?.framework?.capabilities.contains(.taskKillingState) != true
    {
      return nil
    }
    var update = update
    if !acceptsNewerReasons, update.reason?.isKnownToAll == false { update.reason = nil }
    update.message = update.message.map { Self.shortened($0, to: 4096) }
    let uuid = timing.makeUUID()
    let status = TaskStatus(
      update, uuid: uuid, timestamp: timing.wallClock(), agentID: environment.agentID,
      executorID: environment.executorID)
    guard outbox.add(status) else {
      report(
        .warning,
        "an update after the task's terminal update is not sent: task \(update.taskID) \(update.state.rawValue)"
      )
      return nil
    }
    changed()
    return uuid
  }

  /// The number of updates that have not been acknowledged.
  package var unacknowledgedCount: Int { outbox.entries.count }

  /// Waits until all updates are acknowledged, including those that are sent during the wait.
  /// - Returns: whether they are; false after `limit`, when the session is over, and when the task
  ///   is canceled.
  package func waitUntilAcknowledged(within limit: Duration) async -> Bool {
    let timing = timing
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask { await self.isEverythingAcknowledged() }
      group.addTask {
        try? await timing.sleep(limit)
        return false
      }
      let isAcknowledged = await group.next() ?? false
      group.cancelAll()
      return isAcknowledged
    }
  }

  /// The number of the current subscription; nil while the session is not subscribed.
  package var currentSubscription: Int? { isSubscribed ? subscriptionCount : nil }

  /// Waits until the session is subscribed.
  /// - Returns: the number of the subscription.
  /// - Throws: `CancellationError`.
  package func waitUntilSubscribed() async throws -> Int {
    try await wait { $0.isSubscribed }
    return subscriptionCount
  }

  private func isEverythingAcknowledged() async -> Bool {
    try? await wait { $0.outbox.entries.isEmpty || $0.isOver }
    return outbox.entries.isEmpty
  }

  // MARK: - For the other parts

  /// Logs a line that the agent can cause often: the same line at most once a minute, with a count.
  package func report(_ level: Logger.Level, _ text: String) {
    guard level >= log.logLevel else { return }
    guard let line = lines.admit(Self.shortened(text, to: 1024), at: timing.now()) else { return }
    log.log(level: level, "\(line)")
  }

  /// A text as one line without control characters, truncated to a number of Unicode scalars. Parts
  /// of it come from other programs.
  private static func shortened(_ text: String, to limit: Int) -> String {
    let scalars = text.unicodeScalars
    var result = String.UnicodeScalarView()
    for scalar in scalars.prefix(limit) {
      let isControl = scalar.properties.generalCategory == .control
      result.append(isControl ? (scalar == "\n" || scalar == "\t" ? " " : "\u{fffd}") : scalar)
    }
    return String(result) + (scalars.dropFirst(limit).isEmpty ? "" : "…")
  }

  /// Notifies the tasks that wait for a change.
  func changed() {
    changes.notifyAll()
  }

  /// Waits until a condition holds.
  /// - Throws: `CancellationError`.
  func wait(until condition: @Sendable (isolated MesosSession) -> Bool) async throws {
    while true {
      let generation = changes.generation
      if condition(self) { return }
      try await changes.wait(after: generation)
    }
  }

  /// The number of changes so far.
  var generation: UInt64 { changes.generation }

  /// Waits for a change after the given number of them.
  /// - Throws: `CancellationError`.
  func waitForChange(after generation: UInt64) async throws {
    try await changes.wait(after: generation)
  }

  func emit(_ event: SessionEvent) {
    sink.yield(event)
  }

  /// Records that the agent has accepted the subscription.
  func subscribed(_ response: Subscription) {
    let isFirst = subscription == nil
    subscription = response
    isSubscribed = true
    isAccepted = true
    subscriptionCount += 1
    outbox.resetPace()
    emit(.subscribed(response, isFirst: isFirst))
    changed()
  }

  /// The wait before the next attempt. It is at most half of the agent's maximum, so that two
  /// attempts fit into the time for which a restarted agent waits for its executors, and it does
  /// not grow.
  var backoff: Duration {
    max(limits.leastBackoff, timing.draw(environment.subscriptionBackoffMaximum / 2))
  }

  /// The request with a call as its body.
  func request(_ content: Call.Content) throws -> HTTPRequest {
    let call = Call(
      executorID: environment.executorID, frameworkID: environment.frameworkID, content: content)
    var headers = [
      (name: "Content-Type", value: "application/json"),
      (name: "Accept", value: "application/json"),
    ]
    if let token = environment.authenticationToken {
      headers.append((name: "Authorization", value: "Bearer \(token)"))
    }
    return HTTPRequest(
      endpoint: environment.endpoint, method: "POST", path: environment.path, headers: headers,
      body: try call.json(), connectTimeout: deadlines.connect, timeout: deadlines.call,
      maximumBodySize: 1 << 20)
  }
}
