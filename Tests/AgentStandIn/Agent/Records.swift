import Foundation

/// A state of a task, as a framework sees it.
public struct TaskUpdate: Sendable, CustomStringConvertible {
  /// Whose state it is.
  public let taskID: String
  /// `TASK_RUNNING`, say.
  public let state: String
  /// The text beside it.
  public let message: String?
  /// `REASON_…`
  public let reason: String?
  /// `SOURCE_EXECUTOR`, or `SOURCE_AGENT` or `SOURCE_MASTER` for what Mesos itself makes up.
  public let source: String
  /// Health, where it was told.
  public let healthy: Bool?
  /// The container's networks and addresses.
  public let containerStatus: JSON?
  /// The update's own ID.
  public let uuid: UpdateID
  /// The executor's clock, in seconds since 1970.
  public let timestamp: Double?
  /// The whole TaskStatus.
  public let status: JSON
  /// When the agent had it.
  public let received: ContinuousClock.Instant
  /// Whether an acknowledgement was written to an event stream, or lost on purpose.
  public internal(set) var isAcknowledged: Bool

  init(_ status: JSON, uuid: UpdateID, isAcknowledged: Bool = false) {
    taskID = status["task_id"]?.id ?? ""
    state = status["state"]?.string ?? ""
    message = status["message"]?.string
    reason = status["reason"]?.string
    source = status["source"]?.string ?? "SOURCE_MASTER"
    healthy = status["healthy"]?.bool
    containerStatus = status["container_status"]
    timestamp = status["timestamp"]?.double
    self.uuid = uuid
    self.status = status
    received = .now
    self.isAcknowledged = isAcknowledged
  }

  /// Whether no state may follow.
  public var isTerminal: Bool { MesosVersion.terminalStates.contains(state) }

  /// State, task, reason and message on one line.
  public var description: String {
    ([state, taskID] + [reason, healthy.map { "healthy=\($0)" }, message].compactMap { $0 })
      .joined(separator: " ")
  }
}

/// Something that an executor must not do; a test asserts that there is none.
public struct Violation: Sendable, CustomStringConvertible {
  /// The source that says so: a file and function of Mesos, or the project's own contract.
  public let rule: String
  /// What was done.
  public let what: String

  /// What was done, and who says that it must not be.
  public var description: String { "\(what) [\(rule)]" }
}

/// One request and its answer.
public struct CallRecord: Sendable {
  /// `SUBSCRIBE`, `UPDATE`, …; empty where the body was no call.
  public let type: String
  /// The status it was answered with; a fault may have kept that from the executor.
  public let status: Int
  /// The answer's text.
  public let answer: String
  /// The call as it came.
  public let call: JSON
  /// Whether it came over the domain socket.
  public let isOverDomainSocket: Bool
  /// When it was answered.
  public let time: ContinuousClock.Instant
}

/// What has happened so far.
struct Journal: Sendable {
  var updates: [TaskUpdate] = []
  var violations: [Violation] = []
  var calls: [CallRecord] = []
  var events: [JSON] = []
  var messages: [[UInt8]] = []

  mutating func violate(_ what: String, rule: String) {
    violations.append(Violation(rule: rule, what: what))
  }
}
