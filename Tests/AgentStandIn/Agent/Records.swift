import Foundation

/// A status update of a task, as a framework receives it.
package struct TaskUpdate: Sendable, CustomStringConvertible {
  /// The task's ID.
  package let taskID: String
  /// The state, such as `TASK_RUNNING`.
  package let state: String
  /// The message of the update.
  package let message: String?
  /// `REASON_…`
  package let reason: String?
  /// `SOURCE_EXECUTOR`, or `SOURCE_AGENT` or `SOURCE_MASTER` for an update that Mesos itself
  /// generates.
  package let source: String
  /// The health, if the update has it.
  package let healthy: Bool?
  /// The container's networks and addresses.
  package let containerStatus: JSON?
  /// The update's uuid.
  package let uuid: UpdateID
  /// The time by the executor's clock, in seconds since 1970.
  package let timestamp: Double?
  /// The complete TaskStatus.
  package let status: JSON
  /// The time at which the agent received the update.
  package let received: ContinuousClock.Instant
  /// Whether an acknowledgement was written to an event stream, or dropped on purpose.
  package internal(set) var isAcknowledged: Bool

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

  /// Whether the state is terminal.
  package var isTerminal: Bool { MesosVersion.terminalStates.contains(state) }

  /// State, task, reason, health and message in one line.
  package var description: String {
    ([state, taskID] + [reason, healthy.map { "healthy=\($0)" }, message].compactMap { $0 })
      .joined(separator: " ")
  }
}

/// A violation of the protocol by an executor. A test asserts that there is none.
package struct Violation: Sendable, CustomStringConvertible {
  /// The source of the rule: a file and function of Mesos, or the project's own contract.
  package let rule: String
  /// The action of the executor.
  package let what: String

  /// The action and the rule.
  package var description: String { "\(what) [\(rule)]" }
}

/// A request and its response.
package struct CallRecord: Sendable {
  /// The type, such as `SUBSCRIBE` or `UPDATE`. Empty if the body wasn't a call.
  package let type: String
  /// The status of the response. A fault may have prevented its delivery.
  package let status: Int
  /// The text of the response.
  package let response: String
  /// The call as received.
  package let call: JSON
  /// Whether the call came over the domain socket.
  package let isOverDomainSocket: Bool
  /// The time of the response.
  package let time: ContinuousClock.Instant
}

/// All records so far.
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
