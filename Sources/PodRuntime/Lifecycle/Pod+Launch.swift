import Compose
import DockerEngine
import Logging
import OrderedCollections
import PodControl
import PodIdentity
import YAML

/// Why a launch failed, in one line for people.
struct LaunchFailure: Error, CustomStringConvertible {
  let description: String
}

extension Pod {
  /// Starts all services in the order of their dependencies, as many at once as that permits.
  func launch() async {
    launchedAt = .now
    notifyForOptional()
    do {
      try await orFail { try await $0.bringUpAll() }
    } catch {
      // The pod's outcome is decided.
    }
  }

  /// Fails the pod at once for an error of a step: failures of other steps are consequences.
  ///
  /// - Throws: `CancellationError` in place of the step's error.
  func orFail<Value: Sendable>(
    _ step: @Sendable (isolated Pod) async throws -> Value
  ) async throws(CancellationError) -> Value {
    do {
      return try await step(self)
    } catch let error as CancellationError {
      // The cause of the cancellation has decided the outcome.
      throw error
    } catch {
      fail(error)
      throw CancellationError()
    }
  }

  private func bringUpAll() async throws {
    for warning in request.project.warnings {
      log.warning("\(warning.position): \(warning.value)")
    }
    let setup = try PodPreparation(request: request, engine: engine, info: info)
    let ability = try await persistently { _ in try await setup.check() }
    try await persistently { try await $0.removeKept() }
    try await runFirstHooks(setup)
    async let found = orFail { try await $0.provideImages() }
    let externalMounts = setup.externalMounts
    async let secrets = orFail { try await $0.fetchSecrets(of: externalMounts) }
    async let infra = orFail { pod in try await pod.persistently { try await $0.infraImage() } }
    async let requested = orFail { try await $0.plan(setup) }
    let early = try setup.earlyPlan(ability)
    try await launchWait { self.isListening }
    let details = try await found
    try refuseCrashing(details)
    provided = details
    let infraImage = try await infra
    let values = try await secrets
    try checkLaunch()
    if let early { claimCgroup(of: early) }
    // The engine's information takes time. The infrastructure container, for which all services
    // wait, doesn't need it.
    async let ahead: Void = bringUpInfra(of: early, infraImage, setup)
    if let early {
      // If the pod ends now, the removal needs the plan.
      self.plan = early
      try await createNetworksAndVolumes(of: early)
    }
    let plan = try await requested
    await findDiskQuota()
    try checkLaunch()
    register(plan)
    if let path = plan.reservation, let first = plan.containers.first {
      try await reserve(
        path, with: first, image: first.isInfra ? infraImage : details[first.service.name])
    }
    if early == nil {
      claimCgroup(of: plan)
      try await createNetworksAndVolumes(of: plan)
    }
    if !values.isEmpty { try await placeSecrets(values, of: plan) }
    if let taskFile = plan.taskFile { try await deliver(taskFile, of: plan) }
    await withTaskGroup(of: Void.self) { group in
      for container in plan.containers where !container.isInfra || early == nil {
        if request.roles[container.service.name] == .final, !container.isInfra { continue }
        let images =
          container.isInfra
          ? infraImage.map { [container.service.name: $0] } ?? [:] : details
        if !container.isInfra, request.roles[container.service.name] == .optional {
          bringUpOptional(container, images: images)
          continue
        }
        group.addTask {
          try? await self.orFail { try await $0.bringUpByRole(container, images: images) }
        }
      }
    }
    await ahead
    try await launchWait { self.members.values.allSatisfy(self.isUp) }
    let addresses = await addresses(of: plan)
    // RUNNING is never reported after the outcome is decided.
    try checkLaunch()
    hasComeUp = true
    publishedPorts = addresses.ports
    history.record(.podRunning)
    await report(.running(addresses))
    isRunning = true
    startHooks(addresses)
    checkFinished()
  }

  /// Places the plan. If the engine goes away after it has sent its information, that is requested
  /// again.
  private func plan(_ setup: PodPreparation) async throws -> PodPlan {
    do {
      return try await setup.plan()
    } catch let error as EngineError {
      guard try await recovers(from: error) else { throw error }
      return try await persistently { _ in try await setup.plan(askingAnew: true) }
    }
  }

  private func register(_ plan: PodPlan) {
    for note in request.notes { log.info("\(note)") }
    if let warning = plan.slice?.warning { log.warning("\(warning)") }
    for warning in plan.warnings.dropFirst(request.project.warnings.count) {
      log.warning("\(warning)")
    }
    let services = plan.containers.filter { !$0.isInfra }
    for (index, container) in (services + plan.containers.filter(\.isInfra)).enumerated() {
      // The infrastructure container may be starting already.
      if members[container.key] == nil {
        members[container.key] = PodContainer(plan: container, index: index)
      }
    }
    self.plan = plan
  }

  /// Records the pod's owner on its cgroup before a container runs in it.
  private func claimCgroup(of plan: PodPlan) {
    // The cgroups of a remote engine can't be written.
    guard engine.endpoint.socketPath != nil else { return }
    PodCgroups(identity: plan.identity, log: log).claim()
  }

  /// Starts the infrastructure container while the engine's information is still requested.
  private func bringUpInfra(
    of plan: PodPlan?, _ image: ResolvedImage?, _ setup: PodPreparation
  ) async {
    guard let plan, let infra = plan.containers.first(where: \.isInfra) else { return }
    members[infra.key] = PodContainer(plan: infra, index: plan.containers.count - 1)
    do {
      try await launchContainer(infra, images: image.map { [infra.service.name: $0] } ?? [:])
    } catch is CancellationError {
      // The cause of the cancellation has decided the outcome.
    } catch {
      // A problem with the engine's configuration explains the failure better.
      do {
        _ = try await setup.plan()
        fail(error)
      } catch let reason {
        fail(reason)
      }
    }
  }

  func infraImage() async throws -> ResolvedImage? {
    request.options.needsInfra ? try await holderImage() : nil
  }

  /// The image of containers that only own namespaces or volumes for others.
  func holderImage() async throws -> ResolvedImage {
    let engine = engine
    let info = info
    return try await InfraImage(engine: engine, log: log).provide {
      if let known = try? await info?.value { return known.architecture }
      return try await engine.info().architecture
    }
  }

  /// A description of the containers for which the launch waits.
  var launchWaits: String {
    let waiting = members.values.filter { !isFinal($0) }.sorted { $0.index < $1.index }.compactMap {
      member -> String? in
      if member.hasStarted, member.commands == .afterStart {
        return "the post_start of '\(member.name)' is not complete"
      }
      switch (member.state, member.health) {
      case (.planned, _), (.created, _), (.starting, _): return "'\(member.name)' is not started"
      case (_, .starting): return "'\(member.name)' is not healthy"
      default: return nil
      }
    }
    let first =
      provided.isEmpty ? "images are not available" : "networks and volumes are not created"
    return waiting.isEmpty ? first : waiting.joined(separator: ", ")
  }

  func recordUnanswered(_ error: EngineError) {
    switch error.kind {
    case .timedOut, .unreachable: hasUnconfirmedRequests = true
    default: break
    }
  }

  private func addresses(of plan: PodPlan) async -> PodAddresses {
    var result = PodAddresses(addresses: [], ports: [])
    for container in plan.containers {
      guard let details = await members[container.key]?.run.details?.value else { continue }
      let network = details.networkSettings
      for endpoint in network.networks.values
      where !endpoint.ipAddress.isEmpty && !result.addresses.contains(endpoint.ipAddress) {
        result.addresses.append(endpoint.ipAddress)
      }
      for port in container.ports {
        let bound = network.ports["\(port.port.container)"]?.flatMap { $0.first?.hostPort }
        guard let number = bound.map({ UInt16($0) }) ?? port.host.number else { continue }
        result.ports.append(
          AssignedPort(service: port.service, port: port.port, host: .fixed(number)))
      }
    }
    return result
  }
}

extension PodContainer {
  /// Whether the launch doesn't have to wait for it any longer.
  var isUp: Bool {
    guard hasComeUp else { return false }
    return hasEnded || health == .none || health == .healthy
  }
}
