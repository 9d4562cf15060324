import Concurrency
import HTTPClient
import JSON
import Logging

/// An executor's session with its agent over the v1 executor API (docs/executor-http-api.md): it lives as long as the
/// executor and survives the agent's restarts.
///
/// Start ``run()`` once, in a task of its own, and read ``events``; cancel the task to end the session. Updates can be
/// sent at any time: they are kept until acknowledged, go out one at a time in their order, and go along with every new
/// subscription under the same uuid.
public actor MesosSession {
  /// What the agent wants and says, for one reader; finishes when ``run()`` returns.
  public nonisolated let events: AsyncStream<SessionEvent>
  /// What the agent said in the environment.
  public nonisolated let environment: MesosEnvironment

  let client: HTTPClient
  let timing: SessionTiming
  let deadlines: SessionDeadlines
  let limits: SessionLimits
  let log: Logger
  private let sink: AsyncStream<SessionEvent>.Continuation
  private let changes = AsyncCondition()

  // What the parts in the other files share.
  var outbox = Outbox()
  /// Whether calls other than SUBSCRIBE may be sent.
  var isSubscribed = false
  /// Whether the agent has accepted the current try to subscribe, even if the stream is broken by now.
  var isAccepted = false
  /// The stream of events, while there is one.
  var stream: HTTPBody?
  /// Why we gave up a stream that the agent had not.
  var streamBreak: String?
  /// The UPDATE on its way.
  var callInFlight: Task<AgentAnswer, Never>?
  /// How often in a row the agent has said that it doesn't know us.
  var timesUnknown = 0
  /// How often in a row the agent has refused our subscription.
  var timesRefused = 0
  /// Since when the agent has refused calls without accepting one.
  var refusedSince: Duration?
  /// Whether the agent has not refused a reason that agents of 1.0 don't know.
  var acceptsNewerReasons = true
  /// When the stream last carried an event, and a heartbeat.
  var lastRecord = Duration.zero
  var lastHeartbeat: Duration?
  /// The longest time between two heartbeats of the stream: the agent's interval, which it doesn't tell.
  var heartbeatInterval: Duration?
  /// How many events of the stream could not be read.
  var unreadableEvents = 0
  private var lines = LineLimit()
  /// How often the agent has accepted a subscription.
  private(set) var subscriptionCount = 0
  var isShuttingDown = false
  private var hasStarted = false
  private var end: SessionEnd?
  private var isOver = false

  /// What the agent said when it last accepted our subscription; nil before the first time.
  public private(set) var subscription: Subscription?

  /// A session that has not begun.
  /// - Parameters:
  ///   - environment: What the agent said in the environment.
  ///   - client: Sends the calls; a client of its own keeps its connections apart from others'.
  ///   - timing: Clocks and chance.
  ///   - deadlines: How long calls may take.
  ///   - limits: How much of what an agent does wrong is borne.
  ///   - log: Where the session says what happens.
  public init(
    environment: MesosEnvironment, client: HTTPClient = HTTPClient(),
    timing: SessionTiming = .system, deadlines: SessionDeadlines = SessionDeadlines(),
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

  /// Subscribes, stays subscribed and sends what there is to send, until the session is over.
  /// - Returns: why it is over, as the last event says it too; nil if the task was cancelled.
  @discardableResult
  public func run() async -> SessionEnd? {
    // A session runs once.
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
      log.error("the session with the agent is over: \(end)")
      sink.yield(.ended(end))
    }
    sink.finish()
    changes.notifyAll()
    return end
  }

  /// Sends an update, or keeps it until it can be sent.
  ///
  /// TASK_KILLING is passed over if the framework hasn't said that it understands it, and so is any update of a task after
  /// its terminal one.
  /// - Returns: the update's uuid; nil if it was passed over.
  @discardableResult
  public func send(_ update: TaskUpdate) -> Base64Bytes? {
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
        "an update after the task's last one is not sent: task \(update.taskID) \(update.state.rawValue)"
      )
      return nil
    }
    changed()
    return uuid
  }

  /// How many updates have not been acknowledged.
  public var unacknowledgedCount: Int { outbox.entries.count }

  /// Waits until all updates are acknowledged: those that were sent before, and those that are sent meanwhile.
  /// - Returns: whether they are; false after `limit`, when the session is over, and when the task is cancelled.
  public func waitUntilAcknowledged(within limit: Duration) async -> Bool {
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

  /// The number of the present subscription; nil while the agent is away.
  public var currentSubscription: Int? { isSubscribed ? subscriptionCount : nil }

  /// Waits until the agent is there.
  /// - Returns: the number of the subscription.
  /// - Throws: `CancellationError`.
  public func waitUntilSubscribed() async throws -> Int {
    try await wait { $0.isSubscribed }
    return subscriptionCount
  }

  private func isEverythingAcknowledged() async -> Bool {
    try? await wait { $0.outbox.entries.isEmpty || $0.isOver }
    return outbox.entries.isEmpty
  }

  // MARK: - For the other parts

  /// Logs a line that the agent may cause often: the same one once a minute at most, with a count.
  public func report(_ level: Logger.Level, _ text: String) {
    guard level >= log.logLevel else { return }
    guard let line = lines.admit(Self.shortened(text, to: 1024), at: timing.now()) else { return }
    log.log(level: level, "\(line)")
  }

  /// A text in one line without control characters, at most so many Unicode scalars long: much of it is somebody else's.
  private static func shortened(_ text: String, to limit: Int) -> String {
    let scalars = text.unicodeScalars
    var result = String.UnicodeScalarView()
    for scalar in scalars.prefix(limit) {
      let isControl = scalar.properties.generalCategory == .control
      result.append(isControl ? (scalar == "\n" || scalar == "\t" ? " " : "\u{fffd}") : scalar)
    }
    return String(result) + (scalars.dropFirst(limit).isEmpty ? "" : "…")
  }

  /// Something that others may wait for has changed.
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

  /// The agent has accepted our subscription.
  func subscribed(_ said: Subscription) {
    let isFirst = subscription == nil
    subscription = said
    isSubscribed = true
    isAccepted = true
    subscriptionCount += 1
    outbox.resetPace()
    emit(.subscribed(said, isFirst: isFirst))
    changed()
  }

  /// A wait before the next try: up to half of what the agent allows, so that two tries fit into the time in which a
  /// restarted agent waits for its executors, and never growing.
  var backoff: Duration {
    max(limits.leastBackoff, timing.draw(environment.subscriptionBackoffMaximum / 2))
  }

  /// The request that carries a call.
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
