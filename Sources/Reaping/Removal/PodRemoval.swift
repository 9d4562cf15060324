import Concurrency
import DockerEngine
import PodIdentity

/// How containers are stopped, and what is kept.
struct RemovalPolicy: Sendable, Equatable {
  /// The longest that a container may take to stop, in seconds; 0 kills at once.
  var stopTimeout = 10
  /// Whether named volumes are left.
  var keepsVolumes = false
  /// How many containers are stopped and removed at once, of all pods together.
  var parallel = 16
  /// How long what the engine refuses is tried again.
  var patience = Duration.seconds(30)
}

/// What became of a pod's objects.
struct RemovalResult: Sendable, Equatable {
  /// An object that could not be removed.
  struct Failure: Sendable, Equatable {
    var kind: String
    var name: String
    var reason: String
  }
  /// Names of what was removed, by kind.
  var removed: [String: [String]] = [:]
  /// What is left against our will.
  var failed: [Failure] = []
  /// Cgroups that the agent removes first.
  var pending: [String] = []

  /// Adds another result.
  mutating func merge(_ other: RemovalResult) {
    removed.merge(other.removed) { $0 + $1 }
    failed += other.failed
    pending += other.pending
  }

  /// Whether anything was removed.
  var didRemove: Bool { removed.values.contains { !$0.isEmpty } }
}

/// Removes one dead pod's objects from the engine: containers, then networks and volumes. Every
/// step can be repeated; what is gone already is no failure.
struct PodRemoval: Sendable {
  let engine: DockerEngine
  let policy: RemovalPolicy
  /// Bounds how much is under way at once.
  let gate: AsyncSemaphore
  /// Told of each step.
  let progress: PassHeartbeat

  /// Removes what a look found.
  func remove(_ pod: ObservedPod) async -> RemovalResult {
    let deadline = ContinuousClock.now + policy.patience + .seconds(policy.stopTimeout)
    var result = await each("containers", pod.containers.map { ($0.id, $0.name) }, deadline) { id in
      try await gate.withPermit { try await removeContainer(id) }
    }
    // Networks and volumes are in use until their containers are gone.
    let areContainersGone = result.failed.isEmpty
    let endpoints = Endpoints()
    async let networks = each("networks", pod.networks.map { ($0.id, $0.name) }, deadline) { id in
      try await removeNetwork(id, areContainersGone ? endpoints : nil)
    }
    let kept = policy.keepsVolumes ? [] : pod.volumes
    async let volumes = each("volumes", kept.map { ($0, $0) }, deadline) { name in
      // A name can be used again: only what still bears the labels goes.
      let volume = try await engine.inspectVolume(name)
      guard PodIdentity(labels: volume.labels) == pod.identity else { return }
      try await engine.removeVolume(name, force: false)
    }
    result.merge(await networks)
    result.merge(await volumes)
    let dead = await endpoints.names
    if !dead.isEmpty { result.removed["endpoints"] = dead }
    return result
  }

  /// Endpoints that were disconnected because their containers don't exist.
  private actor Endpoints {
    private(set) var names: [String] = []
    func add(_ more: [String]) { names += more }
  }

  /// Removes a network, and before it dead endpoints that are in the way. Those are left where
  /// `endpoints` is nil: some of the pod's own containers are there still.
  private func removeNetwork(_ id: String, _ endpoints: Endpoints?) async throws {
    do {
      try await engine.removeNetwork(id)
    } catch let error as EngineError where error.isRefusal && !error.isNotFound {
      guard let endpoints else { throw error }
      let names = try await engine.disconnectDeadEndpoints(of: id)
      // A container holds it, and it stays: that is the reason to report.
      if names.isEmpty { throw error }
      await endpoints.add(names)
      try await engine.removeNetwork(id)
    }
  }

  private func removeContainer(_ id: String) async throws {
    if policy.stopTimeout > 0 {
      let details = try await engine.inspectContainer(id)
      if details.state.running || details.state.restarting {
        let own = details.config.stopTimeout ?? 10
        let limit = own < 0 ? policy.stopTimeout : min(own, policy.stopTimeout)
        // One that can't be stopped is killed by the removal.
        try? await engine.stopContainer(id, timeout: limit)
      }
    }
    try await engine.removeContainer(id, force: true, volumes: true)
  }

  /// Removes all of a kind at once, and tries again what the engine refuses.
  private func each(
    _ kind: String, _ objects: [(id: String, name: String)],
    _ deadline: ContinuousClock.Instant,
    _ remove: @escaping @Sendable (String) async throws -> Void
  ) async -> RemovalResult {
    await withTaskGroup(of: (String, String?).self) { group in
      for (id, name) in objects {
        group.addTask { (name, await attempt(id, deadline, remove)) }
      }
      var result = RemovalResult()
      for await (name, problem) in group {
        if let problem {
          result.failed.append(.init(kind: kind, name: name, reason: problem))
        } else {
          result.removed[kind, default: []].append(name)
        }
      }
      return result
    }
  }

  /// - Returns: nil once it is gone, else why it isn't.
  private func attempt(
    _ id: String, _ deadline: ContinuousClock.Instant,
    _ remove: @Sendable (String) async throws -> Void
  ) async -> String? {
    var wait = Duration.milliseconds(100)
    while true {
      defer { progress.step() }
      do {
        try await remove(id)
        return nil
      } catch let error as EngineError where error.isNotFound {
        return nil
      } catch {
        // What is interrupted the next start finishes; an engine that went away is the next pass's
        // business.
        if Task.isCancelled { return "pod-reaper was told to end" }
        let isAway = (error as? EngineError)?.kind == .unreachable
        if isAway || ContinuousClock.now + wait > deadline {
          return (error as? EngineError)?.message ?? "\(error)"
        }
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(2))
    }
  }
}
