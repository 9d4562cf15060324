import Dispatch
import DockerEngine
import Linux
import PodControl
import PodIdentity
import PodObjects
import PodViews
import Program

/// The pod of `stop`, `restart` and `events`, and its executor.
struct ControlTarget: Sendable {
  let host: HostPods
  let identity: PodIdentity

  private var socket: ControlSocket { ControlSocket(identity) }
  var client: ControlClient { ControlClient(socket) }

  /// Finds a pod among those in the engine's lists and those that executors report. A pod that is
  /// launching may have no objects in the engine.
  ///
  /// - Parameter argument: selects the pod.
  /// - Returns: the pod.
  /// - Throws: `CommandError` with code 1 where there is none, or several, or its executor is
  ///   gone.
  static func find(_ argument: PodArgument) async throws -> ControlTarget {
    let host = try HostPods()
    async let live = LiveExecutors.statuses()
    var pods: [ListedPod] = []
    var failure: (any Error)?
    do { pods = try await host.list() } catch { failure = error }
    for (socket, statuses) in await live {
      for status in statuses where !pods.contains(where: { $0.isPod(status.task, of: status.run) })
      {
        pods.append(ListedPod(identity: PodIdentity(status, of: socket)))
      }
    }
    let found: ListedPod
    do {
      found = try PodSelection(pod: argument.pod, framework: argument.framework).one(of: pods)
    } catch {
      if pods.isEmpty, let failure { throw failure }
      throw CommandError(error.description, code: 1)
    }
    let target = ControlTarget(host: host, identity: found.identity)
    if found.keptUntil != nil {
      throw target.failure("it has failed and is kept; compose-executor rm removes it")
    }
    if target.isExecutorGone { throw target.goneFailure }
    return target
  }

  /// Whether the process table proves that the executor has exited.
  var isExecutorGone: Bool {
    if case .gone? = identity.incarnation.inspect() { return true }
    return false
  }

  var goneFailure: CommandError {
    failure("its executor is gone, and pod-reaper removes the pod")
  }

  func failure(_ reason: String) -> CommandError {
    CommandError("\(identity.taskID): \(reason)", code: 1)
  }

  /// Explains an error of a request to the executor. A dead executor is the cause of most errors.
  ///
  /// - Parameters:
  ///   - error: the error.
  ///   - isOrder: whether the executor may still do what was requested.
  /// - Returns: the failure.
  func failure(_ error: ControlError, isOrder: Bool = false) async -> CommandError {
    if await hasEnded() { return goneFailure }
    let isOpen = isOrder && error == .silent
    return failure(error.description + (isOpen ? "; it may still do it later" : ""))
  }

  /// Whether the executor has exited or is exiting: its connections are closed before its process
  /// is gone.
  func hasEnded() async -> Bool {
    for _ in 0..<20 {
      if isExecutorGone { return true }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return isExecutorGone
  }

  /// Whether the executor no longer has the task, as far as this can be determined.
  func isOver() async -> Bool {
    if isExecutorGone { return true }
    do {
      let statuses = try await client.status()
      return !statuses.contains { $0.task == identity.taskID && $0.run == identity.run }
    } catch {
      return error == .absent
    }
  }

  /// Describes the objects of the pod that remain in the engine; nil for none.
  ///
  /// - Throws: `CommandError` where the engine can't be reached.
  func leftovers() async throws -> String? {
    let pods = try await host.list()
    guard let pod = pods.first(where: { $0.isPod(identity.taskID, of: identity.run) }) else {
      return nil
    }
    let volumes = pod.volumes.filter { $0.labels[PodLabel.keep] != "true" }
    let counts = [
      (pod.containers.count, "container"), (pod.networks.count, "network"),
      (volumes.count, "volume"),
    ].filter { $0.0 > 0 }
    if counts.isEmpty { return nil }
    return counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
  }
}

extension ListedPod {
  fileprivate func isPod(_ task: String, of run: String) -> Bool {
    identity.taskID == task && identity.run == run
  }
}

extension PodIdentity {
  /// The identity of a pod without objects, from its executor's response.
  fileprivate init(_ status: PodStatus, of socket: ControlSocket) {
    self.init(
      frameworkID: status.framework ?? "", executorID: status.executor ?? status.task,
      taskID: status.task, run: status.run, agentID: "",
      incarnation: Incarnation(bootID: nil, pid: socket.pid, startTime: socket.startTime),
      host: HostIdentity(machineID: nil), cgroupParent: "")
  }
}
