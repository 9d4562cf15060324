import MesosExecutor
import PodControl
import PodRuntime

extension TaskSupervisor {
  /// Creates the control socket before the first pod has objects.
  func openControl() {
    guard control == nil, !run.isEmpty else { return }
    control = ControlHandler(
      tasks: { await self.controlledTasks },
      stop: { id, grace, cause in await self.kill(TaskID(id), grace: grace, cause) }
    ).listen(run: run, group: settings.file.controlGroup, log: log)
  }

  /// Removes the control socket when no task is left.
  func closeControl() {
    guard tasks.values.allSatisfy(\.isOver), let server = control else { return }
    control = nil
    server.close()
    // The executor does not wait for clients.
    Task { await server.stop() }
  }

  private var controlledTasks: [ControlHandler.ControlledTask] {
    tasks.values.filter { !$0.isOver }.map { task in
      let isStopping = task.end != nil
      return ControlHandler.ControlledTask(
        id: task.info.taskID.value, pod: task.pod,
        early: PodStatus(
          task: task.info.taskID.value, run: run, state: isStopping ? .stopping : .launching,
          message: task.end?.message ?? "reading the Compose files", cpus: nil, memory: nil,
          sandbox: mesos.directory, services: [], ports: [], framework: mesos.frameworkID.value,
          executor: mesos.executorID.value))
    }.sorted { $0.id < $1.id }
  }
}
