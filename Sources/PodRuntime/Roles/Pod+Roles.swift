import Compose
import Concurrency
import DockerEngine
import Logging
import OrderedCollections

extension Pod {
  /// True in tasks that start a final service although the pod is ending.
  @TaskLocal static var isFinalizing = false

  /// Whether the current task must not start anything more.
  var isLaunchOver: Bool { isEnding && !Self.isFinalizing }

  /// The role of a container's service; `main` for the infrastructure container, which has no role.
  func role(of name: String) -> ServiceRole {
    guard let plan = members[name]?.plan, !plan.isInfra else { return .main }
    return request.roles[plan.service.name]
  }

  func isFinal(_ member: PodContainer) -> Bool { role(of: member.name) == .final }

  /// Whether the launch doesn't have to wait for a container any longer.
  func isUp(_ member: PodContainer) -> Bool {
    switch role(of: member.name) {
    case .final: true
    case .optional: member.hasComeUp || isPastOptionalDeadline
    case .main, .sidecar, .initial: member.isUp
    }
  }

  /// How long the launch waits for optional services: half of its own limit.
  var optionalPatience: Duration { request.timeouts.launch / 2 }

  private var isPastOptionalDeadline: Bool {
    launchedAt.map { .now - $0 >= optionalPatience } ?? false
  }

  /// Starts an optional container in the background. Only `depends_on` makes others wait for it.
  func bringUpOptional(_ container: ContainerPlan, images: [String: ResolvedImage]) {
    spawn { pod in
      try? await pod.orFail { try await $0.bringUpByRole(container, images: images) }
    }
  }

  /// Wakes up the launch when its wait for optional services is over.
  func notifyForOptional() {
    guard request.project.services.keys.contains(where: { request.roles[$0] == .optional }),
      let launchedAt
    else { return }
    let deadline = launchedAt + optionalPatience
    spawn { pod in
      try? await Task.sleep(until: deadline, clock: .continuous)
      let late = pod.members.values.filter {
        pod.role(of: $0.name) == .optional && !$0.hasComeUp && !pod.hasComeUp
      }
      for member in late where !Task.isCancelled && !pod.isEnding {
        pod.recordOptional(
          "\(member.plan.title) is not started after half of launch-timeout: it is optional, and the pod continues without waiting for it"
        )
      }
      pod.changes.notifyAll()
    }
  }

  /// Creates and starts a container. If its service is optional, a failure doesn't fail the pod.
  ///
  /// - Throws: as `launchContainer`.
  func bringUpByRole(
    _ container: ContainerPlan, images: [String: ResolvedImage]
  ) async throws {
    do {
      try await launchContainer(container, images: images)
    } catch let error as CancellationError {
      throw error
    } catch {
      guard role(of: container.key) == .optional else { throw error }
      dropOptional(container.key, error)
    }
  }

  /// Continues without an optional service that can't be started.
  func dropOptional(_ name: String, _ error: any Error) {
    guard let member = members[name] else { return }
    let title = "\(member.plan.title) can't be started"
    // An error of the file may contain the title itself, after its position.
    let reason = "\(error)".replacing("\(title): ", with: "")
    recordOptional("\(title): \(reason): it is optional, and the pod continues")
    update(name) { $0.startFailure = reason }
    // It is running if its `post_start` hook failed.
    if member.state == .running || member.isStarting, let id = member.container {
      spawn { pod in
        try? await pod.stop(
          id, grace: member.plan.service.stopGracePeriod, signal: member.stopSignal)
      }
    }
    // The exit code of `docker run` for a container that could not be started.
    advance(name, .ended(exitCode: 125))
    checkFinished()
  }

  /// Handles the removal of a running container by another client.
  func failRemoved(_ name: String, exitCode: Int) {
    guard let member = members[name] else { return }
    let cause = "the container of \(member.plan.title) was removed by someone else"
    guard role(of: name) == .optional else {
      if member.isExiting { advance(name, .ended(exitCode: exitCode)) }
      recordDecider(name, nil)
      return fail(cause)
    }
    update(name) { $0.container = nil }
    advance(name, .ended(exitCode: exitCode))
    recordOptional("\(cause): it is optional, and the pod continues")
    checkFinished()
  }

  // MARK: Order of stops

  /// Whether a container is stopped only after another one has exited: dependents stop before their
  /// dependencies, and sidecars after all other services.
  func stops(_ member: PodContainer, after other: PodContainer) -> Bool {
    // The infrastructure container is stopped by the removal.
    if other.plan.isInfra { return false }
    let (own, others) = (member.plan.service.name, other.plan.service.name)
    return request.roles.stops(own, after: others)
      ?? other.plan.dependencies.contains { $0.service == own }
  }

  // MARK: Final services

  /// Time limit for each final service if the pod was not killed.
  private var finalLimit: Duration { request.options.finalTimeout }

  /// Runs the final services one after the other, after all other services have exited. After a
  /// kill they share the remaining grace period.
  func runFinals() async {
    guard let outcome else { return }
    let finals = request.roles.finals
    for (index, name) in finals.enumerated() {
      for member in members.values.filter({ $0.plan.service.name == name })
        .sorted(by: { $0.index < $1.index })
      {
        await runFinal(member, outcome, before: finals.count - index - 1)
      }
    }
  }

  /// Runs a final service. After a kill, each of the `later` ones keeps its share of the grace
  /// period.
  private func runFinal(_ member: PodContainer, _ outcome: PodOutcome, before later: Int) async {
    let (name, title) = (member.name, member.plan.title)
    let latest = ContinuousClock.now + finalLimit
    let isKilled = outcome.state == .killed
    let deadline: @Sendable (isolated Pod) -> ContinuousClock.Instant = { pod in
      isKilled
        ? min(latest, pod.deadline(above: later)) : min(latest, pod.finalDeadline ?? latest)
    }
    if let failure = imageFailures[member.plan.service.name] {
      return recordOptional("\(title), which is final, can't be started: \(failure)")
    }
    guard provided[member.plan.service.name] != nil, !created.isEmpty || !madeContainers.isEmpty
    else {
      return recordOptional(
        "\(title), which is final, isn't run: the launch did not create the pod")
    }
    guard deadline(self) > .now else {
      return recordOptional(
        "\(title), which is final, isn't run: the grace period of the kill has expired")
    }
    let images = provided
    let work = Task {
      try await Pod.$isFinalizing.withValue(true) {
        try await self.launchContainer(member.plan, images: images)
        try await self.wait { self.members[name]?.hasEnded == true }
      }
    }
    let watch = Task {
      _ = await work.result
      self.overFinals.insert(name)
      self.changes.notifyAll()
    }
    await wait(until: deadline) {
      self.members[name]?.hasEnded == true || self.overFinals.contains(name)
    }
    if members[name]?.hasEnded != true { work.cancel() }
    // A create or start request is never canceled, and an engine that hangs must not delay the end.
    guard await watch.hasEnded(within: .seconds(1)) else {
      hasUnconfirmedRequests = true
      return recordOptional("\(title), which is final, isn't run: the engine doesn't respond")
    }
    let result = await work.result
    if let code = members[name]?.exitCode {
      if code != 0 { recordOptional("\(title), which is final, \(Self.text(exitCode: code))") }
      return
    }
    await killFinal(name)
    switch result {
    case .failure(let error) where !(error is CancellationError):
      recordOptional("\(title), which is final, can't be started: \(error)")
    default:
      recordOptional("\(title), which is final, has not exited in time: it is killed")
    }
  }

  /// Kills a final service that exceeded its time limit. The next one starts after this one has
  /// exited.
  private func killFinal(_ name: String) async {
    guard let id = members[name]?.liveContainer else { return }
    let engine = engine
    let kill = Task { _ = try? await engine.killContainer(id, signal: "SIGKILL") }
    guard await kill.hasEnded(within: .seconds(2)) else { return }
    let soon = ContinuousClock.now + .seconds(2)
    await wait(until: { _ in soon }) { self.members[name]?.liveContainer == nil }
  }

  /// The create request; a final service also gets variables that describe the pod's outcome.
  func addingOutcome(_ body: ContainerCreate, of container: ContainerPlan) -> ContainerCreate {
    guard role(of: container.key) == .final, let outcome else { return body }
    var body = body
    body.env =
      (body.env ?? []) + [
        "POD_STATE=\(outcome.state.mesosName)",
        // A message of the engine may contain a NUL, which a variable can't.
        "POD_MESSAGE=\(outcome.message.filter { $0 != "\0" })",
        "POD_EXIT_CODE=\(outcome.mainExitCode.map { "\($0)" } ?? "")",
      ]
    return body
  }
}

extension PodOutcome.State {
  /// The corresponding task state of Mesos.
  var mesosName: String {
    switch self {
    case .finished: "TASK_FINISHED"
    case .failed: "TASK_FAILED"
    case .killed: "TASK_KILLED"
    }
  }
}
