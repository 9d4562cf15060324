/// All that the agent knows, and the journal of it; changed under one lock.
struct AgentState: Sendable {
  /// src/slave/slave.hpp, `Slave::state`, as far as executors can tell.
  enum Phase: Sendable {
    /// Killed: connections are refused.
    case down
    /// Connections are taken, no route is there: 404.
    case routeless
    /// `recoveryInfo.reconnect` is false: 503.
    case recovering
    /// Executors may subscribe, other calls get 503, until the reregistration timeout.
    case reconnecting
    case running
  }

  var phase = Phase.down
  /// Counts starts, so that a timer of an earlier life does nothing.
  var life = 0
  var frameworkIsTerminating = false
  var executors: [String: ExecutorState] = [:]
  /// Executors whose process ended while no agent was there to notice.
  var unnoticedExits: Set<String> = []
  /// What a restarted agent destroys as orphans: runs of a framework without checkpoints.
  var orphans: [@Sendable () -> Void] = []
  var callsInFlight = 0
  var mostCallsInFlight = 0
  var journal = Journal()
  /// Tokens and the run that each was made for.
  var tokens: [String: String] = [:]

  /// src/slave/slave.cpp, `Framework::getExecutor(TaskID)`: the executor that has the task.
  func executor(having task: String) -> String? {
    executors.first { $0.value.has(task) }?.key
  }
}

/// One executor, as src/slave/slave.hpp's `Executor` has it.
struct ExecutorState: Sendable {
  enum Phase: Sendable { case registering, running, terminating, terminated }

  struct Launched: Sendable {
    let info: JSON
    var state = "TASK_STAGING"
  }

  /// One task, or a group that comes and goes together.
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
  /// Tasks, or groups of tasks, that wait for the executor to subscribe.
  var queued: [Queued] = []
  var launched: [String: Launched] = [:]
  var terminated: [String: String] = [:]
  /// src/slave/slave.cpp, `Executor::everSentTask`: a task that was killed before it was sent doesn't count.
  var everSentTask: Bool { !launched.isEmpty || hasToldOfTask }
  /// Whether an update of the executor's own has been taken.
  var hasToldOfTask = false
  var pendingTermination: Termination?
  var heldAcknowledgements: [(task: String, uuid: UpdateID)] = []
  /// Ends all processes of the run; nil where a test plays the executor itself.
  var destroy: (@Sendable () -> Void)?
  /// Sets what the run may use.
  var limit: (@Sendable (RunAmounts) throws -> Void)?

  func has(_ task: String) -> Bool {
    launched[task] != nil || terminated[task] != nil || isQueued(task)
  }

  func isQueued(_ task: String) -> Bool {
    queued.contains { $0.has(task) }
  }

  /// src/slave/slave.cpp, `Executor::allocatedResources`, of a scalar resource: its own and its tasks'.
  func allocated(_ resource: String) -> Double {
    ([info] + tasks).reduce(0) { $0 + Self.amount(resource, of: $1) }
  }

  /// src/slave/slave.cpp (1.10 and later), `computeExecutorLimits`: what the executor is allocated and its tasks' limits; a
  /// task without one counts as it is allocated, and an infinite one makes the sum infinite.
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

  /// Sends an event if the executor is connected; else it is lost, as src/slave/slave.hpp, `Executor::send`, has it.
  @discardableResult
  func send(_ event: JSON, _ journal: inout Journal) -> Bool {
    guard let stream, stream.send(event) else { return false }
    journal.events.append(event)
    return true
  }
}
