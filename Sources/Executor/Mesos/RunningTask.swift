import Compose
import MesosExecutor
import PodRuntime

/// One task of this executor and its progress.
struct RunningTask {
  let info: TaskInfo
  /// The task IDs of its group, including its own; empty for a single task.
  let group: Set<TaskID>
  /// Its pod; nil before the Compose files have been read.
  var pod: Pod?
  /// The Swift task that runs its pod.
  var work: Task<Void, Never>?
  /// The Swift tasks that run its checks.
  var monitors: [Task<Void, Never>] = []
  /// Set when the framework, the agent, a user or a signal has requested its end.
  var end: EndRequest?
  /// The last state that was sent to the framework.
  var state: TaskState?
  /// The networks and ports of its pod; empty before it runs.
  var networks: [NetworkInfo] = []
  /// The last result of its check.
  var check: CheckStatus?
  /// The last result of its health check.
  var isHealthy: Bool?
  /// Whether its terminal update has been sent.
  var isOver = false
  /// Whether its terminal update has been acknowledged.
  var isAcknowledged = false
  /// Receives the result of reading its Compose files. When it is finished early, the task ends
  /// without them.
  var loading: AsyncStream<Result<PodRequest, any Error>>.Continuation?
  /// Whether its health check has failed for good.
  var isHopeless = false
  /// Whether its pod has ended, even if the terminal update has not been sent.
  var isEnding = false

  init(info: TaskInfo, group: Set<TaskID>) {
    self.info = info
    self.group = group
    check = info.check?.probe?.unchecked
  }
}

/// A request to end a task.
struct EndRequest: Sendable {
  /// The time that its pod has to stop; nil for the task's own time.
  var grace: Duration?
  /// The time limit for removal; nil for the default.
  var cleanup: Duration?
  /// The cause, for people.
  var message: String
}

extension PodAddresses {
  /// The pod's addresses and published ports in Mesos' form.
  var networks: [NetworkInfo] {
    if addresses.isEmpty && ports.isEmpty { return [] }
    return [
      NetworkInfo(
        addresses: addresses,
        ports: ports.compactMap { assigned in
          assigned.host.number.map {
            NetworkInfo.PortMapping(
              hostPort: UInt32($0), containerPort: UInt32(assigned.port.container.number),
              protocol: assigned.port.container.transport.rawValue)
          }
        })
    ]
  }
}
