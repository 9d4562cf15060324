import Concurrency
import Compose
import DockerEngine
import Logging
import PodIdentity
import YAML

extension Pod {
  /// Creates a container; again if its image, network or volume vanished meanwhile, or the engine
  /// was away.
  ///
  /// - Throws: an error for people, with the line of the file if that is the cause;
  ///   `CancellationError`.
  func create(_ name: String) async throws {
    for attempt in 1... {
      guard let member = members[name] else { return }
      do {
        try await createOnce(member.plan, isFirst: attempt == 1)
        if try await hasOwnVolumes(member.plan) { return }
        await discard(name)
        try await restoreVolumes(of: member.plan)
        guard attempt < Self.mostAttempts else {
          throw LaunchFailure(
            description:
              "the volumes of \(member.plan.title) were removed by someone else repeatedly")
        }
      } catch let error as EngineError {
        recordUnanswered(error)
        guard attempt < Self.mostAttempts,
          try await mayRetry(error, of: name)
        else { throw await explanation(of: error, for: member.plan, doing: "created") }
      }
    }
  }

  /// Decides whether a failed create or start may succeed when repeated, and provides missing
  /// objects.
  ///
  /// - Parameters:
  ///   - error: why it failed.
  ///   - name: the container's key.
  ///   - container: its ID in the request; another client may have removed it since.
  /// - Returns: whether to repeat it.
  /// - Throws: `CancellationError` once the pod is ending; an error for people.
  func mayRetry(
    _ error: EngineError, of name: String, _ container: String? = nil
  ) async throws -> Bool {
    guard let member = members[name] else { return false }
    // The repeated step finds existing objects.
    if try await recovers(from: error) { return true }
    try checkLaunch()
    switch error.missing {
    case .image where member.imageAttempts < 3:
      await discard(name)
      update(name) { $0.imageAttempts += 1 }
      log.warning(
        "the image of \(member.plan.title) was removed by someone else: providing it again")
      try await provideAgain(name)
      return true
    case .network where isOwnNetwork(in: error):
      await discard(name)
      try await restoreNetworks()
      return true
    case .container where isOwnContainer(in: error, of: member, container):
      await discard(name)
      return true
    default:
      break
    }
    if try await removesDoubles(of: error) { return true }
    let text = error.message
    let isBeingRemoved =
      text.contains("marked for removal") || text.contains("removal of container")
    if isBeingRemoved, container != nil || isOwnContainer(in: error, of: member, nil) {
      // Another client is removing it: the name is free after the removal.
      try await wait(within: .seconds(5)) { isLaunchOver || members[name]?.container == nil }
      await discard(name)
      return true
    }
    guard container != nil else { return false }
    if plan?.slice != nil, error.isOfSystemd {
      log.warning("\(member.plan.title): the engine failed at systemd: trying again")
      return await slices.isSystemdThere()
    }
    if let member = members[name], member.renewedIn < presence.outages {
      // An engine that was killed during a start refuses every further start of the container, with
      // a message of containerd, runc, or its own.
      update(name) { $0.renewedIn = presence.outages }
      log.warning(
        "\(member.plan.title) can't be started because the engine was away: creating it again (\(text))"
      )
      await discard(name)
      return true
    }
    return false
  }

  private func provideAgain(_ name: String) async throws {
    guard let member = members[name] else { return }
    let service = member.plan.service
    let image =
      if member.plan.isInfra { try await infraImage() } else {
        try await images.provide(for: BuildOrder(imageUsers).closure(of: service))[service.name]
      }
    update(name) { $0.image = image ?? $0.image }
  }

  /// Whether an error names the container itself, or one of the pod to which it refers.
  private func isOwnContainer(
    in error: EngineError, of member: PodContainer, _ container: String?
  ) -> Bool {
    let ids =
      member.referenced.values
      + [member.container, member.lastContainer, container].compactMap { $0 }
    return ids.contains { error.message.contains($0.prefix(12)) }
  }

  private func createOnce(_ container: ContainerPlan, isFirst: Bool) async throws {
    let name = container.key
    let service = container.service
    // The create request needs the IDs of the containers to which it refers.
    for reference in container.references {
      try await awaitContainer(of: reference, for: container)
    }
    try await awaitVolumes(of: container)
    try checkLaunch()
    guard let image = members[name]?.image else {
      throw imageFailures[service.name]
        ?? LaunchFailure(description: "service '\(service.name)' has no image")
    }
    let engine = engine
    let ids = members.compactMapValues(\.container)
    let id: String
    if let known = members[name]?.container {
      id = known
    } else {
      let made = isFirst ? nil : try await findStray(of: container, from: image)
      let body = container.resolved(image: "", ids: ids)
      if let made {
        await recordAnonymousVolumes(of: made, body, image)
        id = made
      } else {
        id = try await make(container, from: image, body)
      }
      update(name) { member in
        member.container = id
        member.creations += 1
        member.lastContainer = id
        member.referenced = ids.filter { key, _ in
          container.references.contains { $0.key == key }
        }
        member.output = container.isInfra ? nil : output(of: container, id)
        member.stopSignal = request.defaults.stopSignal(
          of: service, imageSignal: image.stopSignal)
        member.health =
          container.hasHealthcheck(imageHas: image.hasHealthcheck) ? .starting : .none
      }
      advance(name, .created)
    }
    try await copyFiles(of: container, into: id)
    // Attached here, the output costs no time while the container waits for others to start.
    do {
      try await members[name]?.output?.attach()
    } catch let error as EngineError where error.isAttachedTooEarly {
      // Attached before its start.
    }
    for (network, settings) in container.resolvedConnections(ids: ids) {
      try checkPolicy { (check) throws(DiagnosticError) in
        try check.check(settings, on: network, of: container, own: Set(ids.values))
      }
      do {
        let warnings = try await withoutCancellation {
          try await engine.connectNetwork(network, container: id, settings)
        }
        warn(warnings, of: name)
      } catch let error as EngineError where !isFirst && error.kind == .status(403) {
        // An earlier request was carried out although its response was lost.
        guard error.message.contains("already exists") else { throw error }
      }
    }
  }

  private func awaitContainer(
    of reference: ContainerPlan.Reference, for container: ContainerPlan
  ) async throws {
    func isGone() -> Bool {
      guard let other = members[reference.key] else { return false }
      return other.hasEnded && other.container == nil
    }
    try await launchWait { isGone() || self.members[reference.key]?.container != nil }
    guard isGone() else { return }
    let isMade = members[reference.key]?.creations ?? 0 > 0
    throw DiagnosticError(
      "\(container.title) needs the container of '\(reference.key)', which "
        + (isMade ? "had exited and was removed by someone else" : "could not be created"),
      at: container.service.position)
  }

  /// Waits for the creation of the containers whose images fill a shared volume first.
  private func awaitVolumes(of container: ContainerPlan) async throws {
    guard !container.createdAfter.isEmpty, let own = members[container.key] else { return }
    // Containers that were removed before their start, possibly with the volume, are created again
    // in the same order.
    guard own.run.number == 0 else { return }
    for key in container.createdAfter {
      try await launchWait {
        guard let other = self.members[key] else { return true }
        // An optional container may never be created.
        if other.hasEnded { return true }
        return own.creations > 0
          ? other.container != nil || other.run.number > 0 : other.creations > 0
      }
    }
  }

  private func output(of container: ContainerPlan, _ id: String) -> LogForwarder {
    let name = container.key
    return LogForwarder(
      engine: engine, container: id, service: container.label, index: members[name]?.index ?? 0,
      isTerminal: container.service.tty, isShown: container.service.isAttached, output: output,
      splitLogs: splitLogs,
      logCapacity: LogCapacity.bytes(of: container.create.hostConfig?.logConfig), log: log,
      onDisconnect: { [weak self] in await self?.outputEnded(of: name) })
  }

  /// Creates a container that has vanished, or whose namespace now has another owner.
  func ensureCreated(_ name: String) async throws {
    guard let member = members[name] else { return }
    let isStale = member.plan.references.contains { reference in
      guard let id = members[reference.key]?.container else { return false }
      return member.referenced[reference.key] != id
    }
    if member.container != nil, !isStale { return }
    if member.container != nil { await discard(name) }
    // Volumes that no container uses may have been removed as well.
    try await restoreVolumes(of: member.plan)
    try await create(name)
  }

  /// Removes a container that isn't running, so that it can be created again.
  func discard(_ name: String) async {
    guard let member = members[name], let id = member.container else { return }
    await member.output?.stop()
    update(name) { $0.container = nil }
    advance(name, .discarded)
    let engine = engine
    do {
      try await withoutCancellation {
        try await engine.removeContainer(id, force: true, volumes: true)
      }
      removedContainers.insert(id)
    } catch let error as EngineError where error.isNotFound {
      removedContainers.insert(id)
    } catch {
      // The removal at the pod's end repeats the request.
      log.debug("container \(id.prefix(12)) of \(member.plan.title) is not removed yet: \(error)")
    }
  }
}
