import Compose
import DockerEngine

extension Pod {
  /// Makes a container, and starts it once all that it waits for is up.
  func bringUp(
    _ container: ContainerPlan, images: [String: ProvidedImage]
  ) async throws {
    let name = container.key
    let service = container.service
    guard let image = images[service.name] else {
      throw LaunchFailure(description: "service '\(name)' has no image")
    }
    for reference in container.references {
      // Without what it refers to it would be another container.
      try await launchWait { self.members[reference.key]?.container != nil }
    }
    try checkLaunch()
    try await create(container, image: image)
    for (other, dependency) in container.dependencies {
      for member in members.values.filter({ $0.plan.service.name == other }) {
        try await waitFor(member.name, dependency, of: name)
      }
    }
    if !service.preStart.isEmpty {
      // Once for all containers of the service.
      if container.number == 1 {
        try await runPreStart(of: container, images: images)
        preStarted.insert(service.name)
        changes.ring()
      }
      try await launchWait { self.preStarted.contains(service.name) }
    }
    update(name) { $0.isInHooks = !service.postStart.isEmpty }
    try await start(name)
    try await runPostStart(name)
  }

  private func create(_ container: ContainerPlan, image: ProvidedImage) async throws {
    let name = container.key
    let engine = engine
    let ids = members.compactMapValues(\.container)
    let body = container.resolved(image: image.reference, ids: ids)
    do {
      let platform = container.service.isolation.platform
      let (id, warnings) = try await uncancelled {
        do {
          return try await engine.createContainer(name: container.name, platform: platform, body)
        } catch let error as EngineError where error.isConflict {
          return try await engine.createContainer(
            name: container.nameIfTaken, platform: platform, body)
        }
      }
      warn(warnings, of: name)
      let forwarder = container.isInfra ? nil : output(of: container, id)
      update(name) { member in
        member.container = id
        member.phase = .created
        member.output = forwarder
        member.stopSignal = container.service.stopSignal ?? image.stopSignal
        member.health = container.hasHealthcheck(imageHas: image.hasHealthcheck) ? .starting : .none
      }
      if let files = container.copiedFiles() {
        try await uncancelled { try await engine.putArchive(id, at: "/", files) }
      }
      // Done here, it costs nothing while the container waits for others to start.
      try await forwarder?.attach()
      for (network, settings) in container.resolvedConnections(ids: ids) {
        let warnings = try await uncancelled {
          try await engine.connectNetwork(network, container: id, settings)
        }
        warn(warnings, of: name)
      }
    } catch let error as EngineError {
      noteUnanswered(error)
      throw container.explain(error, doing: "created")
    }
  }

  private func output(of container: ContainerPlan, _ id: String) -> ContainerOutput {
    let name = container.key
    return ContainerOutput(
      engine: engine, container: id, service: container.label, index: members[name]?.index ?? 0,
      isTerminal: container.service.tty, isShown: container.service.isAttached, output: output,
      logCapacity: LogCapacity.bytes(of: container.create.hostConfig?.logConfig), log: log,
      onBreak: { [weak self] in await self?.outputEnded(of: name) })
  }

  private func waitFor(
    _ service: String, _ dependency: Dependency, of name: String
  ) async throws {
    guard let other = members[service] else { return }
    switch dependency.condition {
    case .started:
      try await launchWait { self.members[service]?.hasComeUp == true }
    case .healthy:
      try await launchWait {
        guard let member = self.members[service] else { return true }
        if case .ended = member.phase { return true }
        return member.hasComeUp && (member.health == .healthy || member.health == .none)
      }
      guard let member = members[service] else { break }
      if member.health == .none {
        throw ComposeError(
          "'\(name)' waits for '\(service)' to be healthy, but that has no healthcheck",
          at: dependency.position)
      }
      if member.health != .healthy {
        throw ComposeError(
          "'\(name)' waits for '\(service)' to be healthy, but that has ended",
          at: dependency.position)
      }
    case .completedSuccessfully:
      try await launchWait {
        if case .ended? = self.members[service]?.phase { return true }
        return false
      }
      if case .ended(let code)? = members[service]?.phase, code != 0 {
        throw ComposeError(
          "'\(name)' waits for '\(other.name)' to complete, but that ended with \(code)",
          at: dependency.position)
      }
    }
  }

  /// Waits for a step of the launch.
  ///
  /// - Throws: `CancellationError` once the pod is about to end, or the task is cancelled.
  func launchWait(until condition: () -> Bool) async throws(CancellationError) {
    try await wait { self.isEnding || condition() }
    try checkLaunch()
  }

  /// - Throws: `CancellationError` once the pod is about to end, or the task is cancelled.
  func checkLaunch() throws(CancellationError) {
    if isEnding || Task.isCancelled { throw CancellationError() }
  }

  /// Starts a created or ended container, listening to its output before.
  func start(_ name: String) async throws {
    guard let member = members[name], let id = member.container, !isEnding else { return }
    let engine = engine
    do {
      try await member.output?.attach()
      guard !isEnding else { return }
      update(name) { member in
        member.phase = .starting
        member.starts += 1
        member.endedWhileStarting = false
        if member.health != .none { member.health = .starting }
      }
      try await uncancelled { try await engine.startContainer(id) }
    } catch let error as EngineError {
      noteUnanswered(error)
      // Refused: it doesn't run, and the end need not wait for it to stop.
      if case .status = error.kind { update(name) { $0.phase = .created } }
      throw member.plan.explain(error, doing: "started")
    }
    var hasEnded = false
    update(name) { member in
      member.startedAt = .now
      hasEnded = member.endedWhileStarting
      if member.phase == .starting { member.phase = .running }
      // Asked for now, it is there when the last one is up.
      if member.plan.hasAddresses {
        member.details = Task { try? await engine.inspectContainer(id) }
      }
    }
    if hasEnded { examineEnd(of: name) }
  }
}
