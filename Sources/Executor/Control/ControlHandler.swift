import Linux
import Logging
import PodControl
import PodIdentity
import PodRuntime

/// Handles requests on the control socket for the pods of this executor (docs/design.md,
/// "Control socket").
struct ControlHandler: Sendable {
  /// A task that is not over.
  struct ControlledTask: Sendable {
    let id: String
    /// The pod of the task; nil while its Compose files are read.
    let pod: Pod?
    /// The status of the task while it has no pod.
    let early: PodStatus
  }

  /// The tasks that are not over.
  let tasks: @Sendable () async -> [ControlledTask]
  /// Stops a task like a KILL; called with the task's ID, the grace period and the cause.
  let stop: @Sendable (String, Duration?, String) async -> Void

  /// A handler for several tasks.
  init(
    tasks: @escaping @Sendable () async -> [ControlledTask],
    stop: @escaping @Sendable (String, Duration?, String) async -> Void
  ) {
    (self.tasks, self.stop) = (tasks, stop)
  }

  /// A handler for one pod.
  init(_ pod: Pod, task: String) {
    tasks = { [ControlledTask(id: task, pod: pod, early: await pod.status())] }
    stop = { _, grace, cause in await pod.kill(grace: grace, message: cause) }
  }

  /// Creates the control socket. If that fails, the pod runs without one.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - group: the operator's group, by name or number.
  ///   - log: receives the reason of a failure.
  /// - Returns: the server; nil where there is none.
  func listen(run: String, group: String?, log: Logger) -> ControlServer? {
    _ = ControlDirectory.removeAbandoned()
    let number = group.flatMap(GroupID.of)
    if let group, number == nil {
      log.warning("control-group: /etc/group has no group '\(group)': only root has access")
    }
    do {
      return try ControlServer(
        ControlSocket(run: run, incarnation: .current()), group: number, handle: respond)
    } catch {
      log.debug("\(error)")
      return nil
    }
  }

  @Sendable private func respond(_ request: ControlRequest, _ reply: ControlReply) async {
    guard let command = ControlRequest.Command(rawValue: request.command) else {
      return reply.end(error: "unknown command: known are status, stop, restart, events")
    }
    let found = await tasks().filter { request.task == nil || request.task == $0.id }
    guard request.task == nil || !found.isEmpty else {
      return reply.end(error: "this executor has no such task, or the task is complete")
    }
    switch command {
    case .status:
      for task in found {
        await reply.send(ControlResponse(status: await task.pod?.status() ?? task.early))
      }
    case .stop: await stop(found, request, reply)
    case .restart: await restart(found, request, reply)
    case .events: await sendEvents(of: found, request, reply)
    }
  }

  private func stop(
    _ found: [ControlledTask], _ request: ControlRequest, _ reply: ControlReply
  ) async {
    if let grace = request.grace, !(0...Self.longestGrace).contains(grace) {
      return reply.end(
        error: "grace must be a number of milliseconds from 0 to \(Self.longestGrace)")
    }
    let grace = request.grace.map { Duration.milliseconds($0) }
    var limit = Duration.seconds(180)
    for task in found {
      if let time = await task.pod?.timeToEnd(grace: grace) { limit = max(limit, time) }
      await stop(task.id, grace, "stopped by user \(reply.peer.user) of its host")
    }
    await reply.send(ControlResponse(within: limit.wholeMilliseconds))
  }

  /// One year, in milliseconds.
  private static let longestGrace: Int64 = 31_536_000_000

  private func restart(
    _ found: [ControlledTask], _ request: ControlRequest, _ reply: ControlReply
  ) async {
    guard found.count == 1, let service = request.service else {
      return reply.end(error: "restart requires one task and one service")
    }
    guard let pod = found[0].pod else {
      return reply.end(
        error: "the pod is launching: a service can be restarted when the pod is running")
    }
    await reply.send(ControlResponse(within: await pod.timeToRestart().wholeMilliseconds))
    do {
      try await pod.restart(service: service)
    } catch {
      reply.end(error: error.description)
    }
  }

  private func sendEvents(
    of found: [ControlledTask], _ request: ControlRequest, _ reply: ControlReply
  ) async {
    let isFollowed = request.follow == true
    await withTaskGroup(of: Void.self) { group in
      for task in found {
        guard let history = task.pod?.history else { continue }
        group.addTask {
          guard isFollowed else {
            for event in history.events {
              guard await reply.send(ControlResponse(task: task.id, event: event)) else { return }
            }
            return
          }
          for await event in history.subscribe() {
            guard await reply.send(ControlResponse(task: task.id, event: event)) else { return }
          }
        }
      }
    }
  }
}

extension Duration {
  /// The number of whole milliseconds.
  var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
