import Concurrency
import DockerEngine
import PodIdentity

/// Removes a pod's objects from the engine: containers, then networks and volumes. Every step can
/// be repeated; an object that is already gone is no failure.
package struct PodRemover: Sendable {
  let engine: DockerEngine
  let policy: RemovalPolicy
  /// Limits how many containers are stopped and removed concurrently in all removals that share it;
  /// nil for no limit.
  let gate: AsyncSemaphore?
  /// Limits how many requests to remove a container are in progress in all removals that share it;
  /// nil for no limit.
  let requests: AsyncSemaphore?
  let progress: @Sendable () -> Void
  let reason: @Sendable (any Error) -> String
  let removed: @Sendable (PodObject) -> Void

  /// Prepares removals from one engine.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - policy: how objects are removed.
  ///   - gate: limits how many containers are stopped and removed concurrently in all removals that
  ///     share it. pod-reaper has one, as a thousand pods may be leaked at once; an executor's one
  ///     pod is small.
  ///   - requests: limits how many requests to remove a container are in progress in all removals
  ///     that share it. The executor's engine client has such a limit.
  ///   - progress: called after each attempt.
  ///   - reason: describes a failure, in the task in which it occurred.
  ///   - removed: called for each object that is gone.
  package init(
    engine: DockerEngine, policy: RemovalPolicy, gate: AsyncSemaphore? = nil,
    requests: AsyncSemaphore? = nil, progress: @escaping @Sendable () -> Void = {},
    reason: @escaping @Sendable (any Error) -> String = {
      $0 is CancellationError ? "there was no time left" : "\($0)"
    },
    removed: @escaping @Sendable (PodObject) -> Void = { _ in }
  ) {
    self.engine = engine
    self.policy = policy
    self.gate = gate
    self.requests = requests
    self.progress = progress
    self.removed = removed
    self.reason = reason
  }

  /// Removes objects.
  ///
  /// - Parameters:
  ///   - objects: objects that were found to be the pod's, or that it has created.
  ///   - identity: the pod's identity: a volume is removed only if it still has it.
  /// - Returns: the removed objects, and those that could not be removed.
  package func remove(_ objects: [PodObject], of identity: PodIdentity) async -> RemovalResult {
    var result = await removeContainers(objects, deadline)
    // Networks and volumes have nothing to stop. While containers use them, a retry is useless.
    let areContainersGone = result.failed.isEmpty
    let patience = areContainersGone ? policy.patience : .zero
    result.merge(
      await removeOthers(
        objects, of: identity, areContainersGone: areContainersGone, .now + patience))
    return result
  }

  /// The deadline of attempts that begin now to remove containers, which may have to be stopped.
  package var deadline: ContinuousClock.Instant {
    // Without patience there is one attempt, however long the stop takes.
    policy.patience > .zero ? .now + policy.patience + .seconds(policy.stopTimeout) : .now
  }

  /// Removes containers.
  ///
  /// - Parameters:
  ///   - objects: objects of any kind, of which the containers are removed.
  ///   - deadline: the time after which no further request is sent.
  ///   - prepare: called with the ID of each container before its removal; its time doesn't count
  ///     for the gate.
  /// - Returns: the removed containers, and those that could not be removed.
  package func removeContainers(
    _ objects: [PodObject], _ deadline: ContinuousClock.Instant,
    prepare: @escaping @Sendable (String) async -> Void = { _ in }
  ) async -> RemovalResult {
    let containers = objects.of(.container)
    // The first removal takes longest, so it is requested before the other containers are prepared.
    if let first = containers.first { await prepare(first.id) }
    return await each(containers, deadline, prepare: prepare) { id in
      if let gate {
        // A container whose removal blocks in the engine must not delay the others.
        // A removal that waits for its permit is dropped if the task is canceled.
        return try await gate.withPermit(
          heldAtMost: Self.longestRemoval + .seconds(policy.stopTimeout)
        ) {
          try await completing { try await removeContainer(id) }
        }
      }
      return try await completing { try await removeContainer(id) }
    }
  }

  /// Removes networks and volumes, which are in use until the containers are gone.
  ///
  /// - Parameters:
  ///   - objects: objects of any kind, of which networks and volumes are removed.
  ///   - identity: the pod's identity: a volume is removed only if it still has it.
  ///   - areContainersGone: whether endpoints of containers that don't exist may be removed from
  ///     networks.
  ///   - deadline: the time after which no further request is sent.
  /// - Returns: the removed objects, and those that could not be removed.
  package func removeOthers(
    _ objects: [PodObject], of identity: PodIdentity, areContainersGone: Bool,
    _ deadline: ContinuousClock.Instant
  ) async -> RemovalResult {
    let endpoints = Endpoints()
    async let networks = each(objects.of(.network), deadline) { id in
      try await completing { try await removeNetwork(id, areContainersGone ? endpoints : nil) }
    }
    let volumes = objects.of(.volume)
    let doomed = policy.keepsVolumes ? volumes.filter(\.isSecret) : volumes
    async let removedVolumes = each(doomed, deadline) { name in
      // A volume's only ID is its name, which another incarnation may use by now.
      let labels = try await engine.inspectVolume(name).labels
      guard PodIdentity(labels: labels) == identity else { return false }
      return try await completing { try await engine.removeVolume(name, force: false) }
    }
    var result = await networks
    result.merge(await removedVolumes)
    let dead = await endpoints.names
    if !dead.isEmpty { result.removed["endpoints"] = dead }
    return result
  }

  /// Removes networks that no container uses any more, each with one request.
  ///
  /// - Parameter objects: objects of any kind, of which networks are removed.
  /// - Returns: the IDs of the removed networks.
  package func removeUnusedNetworks(_ objects: [PodObject]) async -> Set<String> {
    let networks = objects.of(.network)
    let result = await each(networks, .now) { id in
      try await completing { try await engine.removeNetwork(id) }
    }
    return Set(networks.map(\.id)).subtracting(result.failed.map(\.id))
  }

  /// Endpoints that were disconnected because their containers don't exist.
  private actor Endpoints {
    private(set) var names: [String] = []
    func add(_ more: [String]) { names += more }
  }

  private func removeContainer(_ id: String) async throws {
    if policy.stopTimeout > 0 {
      let details = try await engine.inspectContainer(id)
      if details.state.running || details.state.restarting {
        let own = details.config.stopTimeout ?? 10
        let limit = own < 0 ? policy.stopTimeout : min(own, policy.stopTimeout)
        // A container that can't be stopped is killed by the removal.
        try? await engine.stopContainer(id, timeout: limit)
      }
    }
    guard let requests else {
      return try await engine.removeContainer(id, force: true, volumes: true)
    }
    try await requests.withPermit(heldAtMost: Self.longestRemoval) {
      try await engine.removeContainer(id, force: true, volumes: true)
    }
  }

  /// A removal that takes longer blocks in the engine, and must not delay others.
  private static let longestRemoval = Duration.seconds(5)

  /// Removes a network. If the engine refuses, this first disconnects dead endpoints, which a
  /// crashed dockerd leaves. If `endpoints` is nil, they are kept, since some of the pod's own
  /// containers exist.
  private func removeNetwork(_ id: String, _ endpoints: Endpoints?) async throws {
    do {
      try await engine.removeNetwork(id)
    } catch let error as EngineError where error.isRefusal && !error.isNotFound {
      guard let endpoints else { throw error }
      let names = try await engine.disconnectDeadEndpoints(of: id)
      // Only existing containers use the network, which is the reason to report.
      if names.isEmpty { throw error }
      await endpoints.add(names)
      try await engine.removeNetwork(id)
    }
  }

  /// Sends requests that are completed even if the task is canceled meanwhile, where the policy
  /// requires it.
  ///
  /// - Returns: true.
  private func completing(
    _ requests: @escaping @Sendable () async throws -> Void
  ) async throws -> Bool {
    if policy.finishesRequests {
      try await withoutCancellation(requests)
    } else {
      try await requests()
    }
    return true
  }

  /// Removes all objects of a kind concurrently. `remove` returns whether the object was the pod's.
  private func each(
    _ objects: [PodObject], _ deadline: ContinuousClock.Instant,
    prepare: @escaping @Sendable (String) async -> Void = { _ in },
    _ remove: @escaping @Sendable (String) async throws -> Bool
  ) async -> RemovalResult {
    await withTaskGroup(of: RemovalResult.self) { group in
      for object in objects {
        group.addTask {
          await prepare(object.id)
          return await attempt(object, deadline, remove)
        }
      }
      return await group.reduce(into: RemovalResult()) { $0.merge($1) }
    }
  }

  /// Removes one object, with retries until the deadline while the engine refuses.
  private func attempt(
    _ object: PodObject, _ deadline: ContinuousClock.Instant,
    _ remove: @escaping @Sendable (String) async throws -> Bool
  ) async -> RemovalResult {
    let gone = RemovalResult(removed: [object.kind.plural: [object.name]])
    let begin = ContinuousClock.now
    var wait = Duration.milliseconds(100)
    while true {
      defer { progress() }
      do {
        let wasOwn = try await remove(object.id)
        removed(object)
        return wasOwn ? gone : RemovalResult()
      } catch let error as EngineError where error.isNotFound {
        removed(object)
        return gone
      } catch {
        // The next round or pass retries with an engine that became unreachable.
        let isAway = (error as? EngineError)?.kind == .unreachable
        // The request of an earlier attempt may be about to complete.
        let isBeingRemoved =
          object.kind == .container && policy.stopTimeout > 0
          && (error as? EngineError)?.isConflict == true
        let end = isBeingRemoved ? max(deadline, begin + Self.longestRemoval) : deadline
        if Task.isCancelled || isAway || ContinuousClock.now + wait > end {
          return RemovalResult(
            failed: [
              .init(
                kind: object.kind.plural, id: object.id, name: object.name, reason: reason(error))
            ])
        }
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(2))
    }
  }
}
