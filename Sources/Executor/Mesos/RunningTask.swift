import Compose
import MesosExecutor
import PodRuntime

/// One task of this executor and where it stands.
struct RunningTask {
  let info: TaskInfo
  /// The tasks that it was launched with, itself among them; empty for a task on its own.
  let group: Set<TaskID>
  /// Its pod, once the Compose files have been read.
  var pod: Pod?
  /// The pod's life.
  var work: Task<Void, Never>?
  /// Checks of its health.
  var monitors: [Task<Void, Never>] = []
  /// Set when the framework, the agent or a signal wants it ended.
  var end: EndRequest?
  /// What the framework was told last.
  var state: TaskState?
  /// Where it can be reached, once it runs.
  var networks: [NetworkInfo] = []
  /// The last result of its check.
  var check: CheckStatus?
  /// What its health check last said.
  var isHealthy: Bool?
  /// True once its terminal update is sent.
  var isOver = false
  /// True once that is acknowledged.
  var isSettled = false
  /// The wait for its Compose files; finished, it ends without them.
  var loading: AsyncStream<Result<PodRequest, any Error>>.Continuation?
  /// Its health check has given it up.
  var isHopeless = false
  /// True once its pod has ended, whatever of the terminal update.
  var isEnding = false

  init(info: TaskInfo, group: Set<TaskID>) {
    self.info = info
    self.group = group
    check = info.check?.probe?.unchecked
  }
}

/// How a task is to end.
struct EndRequest: Sendable {
  /// How long its pod may take to stop; nil for the task's own time.
  var grace: Duration?
  /// How long removing may take; nil for the usual time.
  var cleanup: Duration?
  /// Why, for people.
  var message: String
}

extension PodAddresses {
  /// The pod's addresses and published ports as Mesos has them.
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
