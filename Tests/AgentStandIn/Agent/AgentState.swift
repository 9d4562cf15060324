/// The state of the agent, and its journal. One lock protects both.
struct AgentState: Sendable {
  /// src/slave/slave.hpp, `Slave::state`, as far as executors can observe it.
  enum Phase: Sendable {
    /// Killed: connections are refused.
    case down
    /// Connections are accepted, but there are no routes: 404.
    case routeless
    /// `recoveryInfo.reconnect` is false: 503.
    case recovering
    /// Executors may subscribe until the reregistration timeout. Other calls get 503.
    case reconnecting
    case running
  }

  var phase = Phase.down
  /// The number of starts, so that a timer from before a restart has no effect.
  var life = 0
  /// Whether the recovery ends as soon as every executor has subscribed.
  var awaitsOnlyMissingExecutors = false
  var frameworkIsTerminating = false
  var executors: [String: ExecutorState] = [:]
  /// Executors whose process exited while the agent was down.
  var unnoticedExits: Set<String> = []
  /// Containers that a restarted agent destroys as orphans: runs of a framework without
  /// checkpoints.
  var orphans: [@Sendable () -> Void] = []
  var callsInFlight = 0
  var mostCallsInFlight = 0
  var journal = Journal()
  /// The run for which each token was created.
  var tokens: [String: String] = [:]

  /// src/slave/slave.cpp, `Framework::getExecutor(TaskID)`: the executor that has the task.
  func executor(having task: String) -> String? {
    executors.first { $0.value.has(task) }?.key
  }
}

/// One executor, as in src/slave/slave.hpp, `Executor`.
struct ExecutorState: Sendable {
  enum Phase: Sendable { case registering, running, terminating, terminated }

  struct Launched: Sendable {
    let info: JSON
    var state = "TASK_STAGING"
  }

  /// One task, or a group of tasks that is handled as a unit.
  struct Queued: Sendable {
    let tasks: [JSON]
    let isGroup: Bool

    func has(_ task: String) -> Bool { tasks.contains { $0["task_id"]?.id == task } }
  }

  struct Termination: Sendable {
    let state: String
    let reason: String
    let message: String
  }

  let info: JSON
  let run: String
  var phase = Phase.registering
  var stream: EventStream?
  /// Tasks or groups of tasks that wait until the executor subscribes.
  var queued: [Queued] = []
  var launched: [String: Launched] = [:]
  var terminated: [String: String] = [:]
  /// src/slave/slave.cpp, `Executor::everSentTask`. A task that was killed before it was sent
  /// doesn't count.
  var everSentTask: Bool { !launched.isEmpty || hasToldOfTask }
  /// Whether the agent has handled an update of the executor.
  var hasToldOfTask = false
  var pendingTermination: Termination?
  var heldAcknowledgements: [(task: String, uuid: UpdateID)] = []
  /// Kills all processes of the run. Nil if a test plays the executor.
  var destroy: (@Sendable () -> Void)?
  /// Sets the limits of the run.
  var limit: (@Sendable (RunAmounts) throws -> Void)?

  func has(_ task: String) -> Bool {
    launched[task] != nil || terminated[task] != nil || isQueued(task)
  }

  func isQueued(_ task: String) -> Bool {
    queued.contains { $0.has(task) }
  }

  /// src/slave/slave.cpp, `Executor::allocatedResources`, for a scalar resource: the sum of the
  /// executor and its tasks.
  func allocated(_ resource: String) -> Double {
    ([info] + tasks).reduce(0) { $0 + Self.amount(resource, of: $1) }
  }

  /// src/slave/slave.cpp (1.10 and later), `computeExecutorLimits`: the sum of the executor's
  /// allocation and its tasks' limits. A task without a limit counts with its allocation. An
  /// infinite limit makes the sum infinite.
  func limit(of resource: String) -> Double {
    tasks.reduce(Self.amount(resource, of: info)) { sum, task in
      sum + (task["limits"]?[resource]?["value"]?.double ?? Self.amount(resource, of: task))
    }
  }

  private var tasks: [JSON] { launched.values.map(\.info) + queued.flatMap(\.tasks) }

  private static func amount(_ resource: String, of info: JSON) -> Double {
    (info["resources"]?.array ?? []).filter { $0["name"]?.string == resource }
      .reduce(0) { $0 + ($1["scalar"]?["value"]?.double ?? 0) }
  }

  /// Sends an event if the executor is connected. Otherwise the event is lost, as in
  /// src/slave/slave.hpp, `Executor::send`.
  @discardableResult
  func send(_ event: JSON, _ journal: inout Journal) -> Bool {
    guard let stream, stream.send(event) else { return false }
    journal.events.append(event)
    return true
  }
}
