import Foundation
import Synchronization

/// The launcher: creates a sandbox, cgroups, an environment and a process.
extension AgentStandIn {
  /// Starts the executor of a task as an agent does. Sends it the task when it has subscribed.
  ///
  /// - Parameters:
  ///   - task: A TaskInfo with its executor, whose command is run.
  ///   - launch: Options of the launch.
  /// - Returns: The run, which ends with the executor or with ``close()``.
  /// - Throws: ``LaunchFailed``, ``CgroupError`` or Foundation's error for a file that can't be
  ///   written.
  @discardableResult
  package func launch(
    _ task: JSON, as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(task["executor"] ?? [:], as: launch) { self.send(task, to: $0) }
  }

  /// Starts the executor of a group of tasks as an agent does. Sends it the group when it has
  /// subscribed; see ``launch(_:as:)-(JSON,_)``.
  ///
  /// - Parameters:
  ///   - tasks: TaskInfos. The executor is that of the first.
  ///   - launch: Options of the launch.
  /// - Returns: The run.
  /// - Throws: The same errors as for one task.
  @discardableResult
  package func launch(
    group tasks: [JSON], as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(tasks[0]["executor"] ?? [:], as: launch) { self.send(group: tasks, to: $0) }
  }

  private func launch(
    _ executorInfo: JSON, as launch: LaunchOptions, send: (String) -> Void
  ) throws -> ExecutorRun {
    var info = executorInfo
    info["framework_id"] = .id(options.frameworkID)
    let executor = info["executor_id"]?.id ?? ""
    let run = UUID().uuidString.lowercased()
    let sandbox = try makeSandbox(executor, run, launch)
    let token = options.authenticatesExecutors ? makeToken(for: run) : nil
    let environment = ExecutorEnvironment.variables(
      info: info, sandbox: sandbox, port: port, token: token, options: options
    ).merging(launch.environment) { $1 }

    let cgroups = try makeCgroups(run, launch)
    do {
      try cgroups?.make(user: launch.user)
      let process = try SpawnedProcess(
        words: Self.words(of: info["command"] ?? [:]), environment: environment, sandbox: sandbox,
        user: launch.user)
      do {
        try cgroups?.assign(process.pid)
        checkpoint("pids/forked.pid", "\(process.pid)", executor, run)
      } catch {
        process.proceed(false)
        process.reap()
        throw error
      }
      let started = ExecutorRun(
        executorID: executor, id: run, sandbox: sandbox, process: process, cgroups: cgroups
      ) { [weak self] limitation in
        self?.checkpoint("executor.sentinel", "", executor, run)
        self?.executorTerminated(executor, run: run, limitation: limitation)
      }
      runs.withLock { $0.append(started) }
      var state = ExecutorState(info: info, run: run)
      state.destroy = { started.destroy() }
      state.limit = { try started.limit($0) }
      add(state)
      send(executor)
      started.begin { [weak self] in self?.processEnded(executor, run: run) }
      return started
    } catch {
      _ = cgroups?.remove()
      throw error
    }
  }

  /// src/slave/containerizer/mesos/launch.cpp, `execute`: a shell with the value as its command, or
  /// the program with that name.
  private static func words(of command: JSON) -> [String] {
    let value = command["value"]?.string ?? ""
    if command["shell"]?.bool ?? true { return ["/bin/sh", "-c", value] }
    let arguments = command["arguments"]?.array?.compactMap(\.string) ?? []
    return [value] + arguments.dropFirst()
  }

  private func makeCgroups(_ run: String, _ launch: LaunchOptions) throws -> (any RunCgroups)? {
    precondition(launch.cgroupsRoot != "mesos", "the root of a real agent")
    cgroupsRoots.withLock { _ = $0.insert(launch.cgroupsRoot) }
    return switch launch.launcher {
    case .posix: nil
    case .cgroups1:
      try RunCgroups1(
        root: launch.cgroupsRoot, run: run, enablesCFS: launch.enablesCFS, devices: launch.devices)
    case .cgroups2:
      try RunCgroups2(root: launch.cgroupsRoot, run: run, enablesCFS: launch.enablesCFS)
    }
  }

  /// src/slave/paths.cpp, `getExecutorRunPath`.
  private func directory(_ executor: String, _ run: String) -> String {
    "slaves/\(options.agentID)/frameworks/\(options.frameworkID)/executors/\(executor)/runs/\(run)"
  }

  /// src/slave/paths.cpp, `createExecutorDirectory` and `createSandboxDirectory`: mode 0750, owned
  /// by the user, with the link `latest` beside it.
  private func makeSandbox(
    _ executor: String, _ run: String, _ launch: LaunchOptions
  ) throws -> String {
    let files = FileManager.default
    let path = "\(options.workDirectory)/\(directory(executor, run))"
    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    chmod(path, 0o750)
    let latest = URL(fileURLWithPath: path).deletingLastPathComponent().path + "/latest"
    unlink(latest)
    symlink(run, latest)
    if let directory = launch.directory {
      for name in try files.contentsOfDirectory(atPath: directory) {
        // Linked instead of copied: a process that starts meanwhile would inherit the descriptor
        // that is open for writing, and the program could not be started ("text file busy").
        try files.linkItem(atPath: "\(directory)/\(name)", toPath: "\(path)/\(name)")
      }
    }
    for (name, text) in launch.files {
      let file = URL(fileURLWithPath: "\(path)/\(name)")
      try files.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    // Created here, as the agent does, so that the user owns them.
    for name in ["stdout", "stderr"] {
      try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    if let user = launch.user {
      chown(path, user.uid, user.gid)
      for name in files.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? [] {
        lchown("\(path)/\(name)", user.uid, user.gid)
      }
    }
    return path
  }

  /// Writes a checkpoint of a run below `meta`, as the agent does (src/slave/paths.cpp). Other
  /// programs may use it as evidence of the run's end.
  private func checkpoint(_ name: String, _ text: String, _ executor: String, _ run: String) {
    guard options.checkpoint else { return }
    let meta = "\(options.workDirectory)/meta"
    let file = URL(fileURLWithPath: "\(meta)/\(directory(executor, run))/\(name)")
    try? FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? Data(text.utf8).write(to: file)
    symlink(options.agentID, "\(meta)/slaves/latest")
  }

  /// `Slave::___run` and `Slave::__statusUpdate`: the agent destroys the container if it can't set
  /// the limits.
  func updateLimits(of id: String, _ state: inout AgentState) {
    guard let executor = state.executors[id], let limit = executor.limit else { return }
    do {
      let memory = executor.limit(of: "mem")
      try limit(
        RunAmounts(
          cpus: executor.allocated("cpus"), memory: UInt64(executor.allocated("mem") * 1_048_576),
          mostCPUs: executor.limit(of: "cpus"),
          mostMemory: memory.isFinite ? UInt64(memory * 1_048_576) : nil))
    } catch {
      state.executors[id]?.pendingTermination = ExecutorState.Termination(
        state: options.lost(or: "TASK_GONE"), reason: "REASON_CONTAINER_UPDATE_FAILED",
        message: "Failed to update resources for container: \(error)")
      executor.destroy?()
    }
  }
}
