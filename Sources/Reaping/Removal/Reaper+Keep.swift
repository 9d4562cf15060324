import Cgroups
import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects

/// The attempts to keep the pods of dead executors.
struct KeepAttempts: Sendable {
  /// The number of failed passes in a row after which a pod is removed like any other leaked pod.
  static let most = 3

  /// Pods whose attempt has started and isn't finished.
  var underWay: Set<PodIdentity> = []
  /// The number of failed passes in a row, and the last reason.
  private(set) var failures: [PodIdentity: (count: Int, reason: String)] = [:]

  /// The pods that can't be kept, with the reason.
  var hopeless: [PodIdentity: String] {
    failures.filter { $0.value.count >= Self.most }.mapValues(\.reason)
  }

  /// Records the result of an attempt.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - failure: why it failed; nil if the pod is kept.
  mutating func record(_ identity: PodIdentity, _ failure: String?) {
    failures[identity] = failure.map { ((failures[identity]?.count ?? 0) + 1, $0) }
  }

  /// Forgets a pod without objects.
  mutating func forget(_ identity: PodIdentity) { failures[identity] = nil }
}

extension Reaper {
  /// The current limits for a survey's pods.
  func keepLimits(_ survey: Survey) async -> KeepLimits {
    var limits = KeepLimits(most: settings.keepFailedMax, disk: settings.keepFailedDisk)
    limits.machineID = survey.host.machineID
    guard survey.pods.values.contains(where: { $0.containers.contains { $0.seconds > 0 } }) else {
      return limits
    }
    limits.hopeless = keeping.hopeless
    if let root = try? await engine.info().dockerRootDir {
      limits.used = await DataRoot.find(root, socket: engine.endpoint.socketPath).percent()
    }
    return limits
  }

  /// Keeps failed pods of dead executors: stops their running containers, marks the containers, and
  /// removes networks and cgroups. Everything must finish within the stop timeout plus 20 s;
  /// otherwise it has failed in this pass.
  ///
  /// - Parameters:
  ///   - assessment: the verdicts of this pass.
  ///   - sweep: removes cgroups; nil if none are known.
  ///   - results: receives the failures.
  func keep(
    _ assessment: Assessment, _ sweep: CgroupSweep?,
    _ results: inout [PodIdentity: RemovalResult]
  ) async {
    var attempts: [(PodIdentity, KeptPods.Kept, Task<RemovalResult, Never>)] = []
    for (identity, kept) in assessment.keeping.kept where assessment.isDead(identity) {
      guard let pod = assessment.pods[identity] else { continue }
      let rest = pod.objects.filter { $0.kind == .network || $0.isSecret }
      let hasCgroup = sweep?.tree.directories(of: identity.cgroupParent).isEmpty == false
      if kept.isDone, rest.isEmpty, !hasCgroup { continue }
      // The attempt of an earlier pass may be blocked by the engine.
      guard keeping.underWay.insert(identity).inserted else {
        results[identity] = record(identity, kept, Self.hanging(identity))
        continue
      }
      let attempt = Task {
        let result = await self.keep(pod, of: identity, kept, rest, sweep)
        self.endAttempt(identity)
        return result
      }
      attempts.append((identity, kept, attempt))
    }
    let deadline = ContinuousClock.now + .seconds(settings.removal.stopTimeout + 20)
    for (identity, kept, attempt) in attempts {
      let watch = Task { _ = await attempt.value }
      guard await watch.hasEnded(within: max(.zero, deadline - .now)) else {
        results[identity] = record(identity, kept, Self.hanging(identity))
        continue
      }
      results[identity] = record(identity, kept, await attempt.value)
    }
  }

  private func endAttempt(_ identity: PodIdentity) { keeping.underWay.remove(identity) }

  private static func hanging(_ identity: PodIdentity) -> RemovalResult {
    failure(of: identity, "the engine doesn't respond")
  }

  private static func failure(of identity: PodIdentity, _ reason: String) -> RemovalResult {
    var result = RemovalResult()
    result.failed = [.init(kind: "containers", name: identity.names.project, reason: reason)]
    return result
  }

  /// Counts an attempt. A remaining network or cgroup is no failure, and neither is a timeout of its
  /// removal: the containers are still kept.
  private func record(
    _ identity: PodIdentity, _ kept: KeptPods.Kept, _ result: RemovalResult
  ) -> RemovalResult {
    let failure = result.failed.first { $0.kind == "containers" }?.reason
    keeping.record(identity, kept.isDone ? nil : failure)
    return result
  }

  /// How long the removal of a network is retried after its containers were stopped.
  private static let patienceAfterStop = Duration.seconds(5)

  private func keep(
    _ pod: DiscoveredPod, of identity: PodIdentity, _ kept: KeptPods.Kept, _ rest: [PodObject],
    _ sweep: CgroupSweep?
  ) async -> RemovalResult {
    defer { progress.step() }
    await sweep?.thaw(identity)
    if !kept.isDone {
      do {
        try await PodKeeper(engine: engine, stopTimeout: settings.removal.stopTimeout)
          .keep(pod.containers, until: kept.until)
      } catch {
        log.warning("a failed pod can't be kept now: \(error)", metadata: identity.logFields)
        return Self.failure(of: identity, (error as? EngineError)?.message ?? "\(error)")
      }
      log.notice(
        "kept: \(pod.containers.count) containers of a dead executor, for inspection",
        metadata: identity.logFields)
    }
    // Another client's container can be on the network for as long as the pod is kept. Only
    // directly after a stop the engine may still be releasing the network.
    var policy = settings.removal
    policy.stopTimeout = 0
    policy.patience = kept.isDone ? .zero : min(policy.patience, Self.patienceAfterStop)
    let remover = PodRemover(engine: engine, policy: policy, progress: progress.step)
    var result = await remover.remove(rest, of: identity)
    for failure in result.failed {
      logOnce(
        "kept \(identity.run) \(failure.id)",
        "not removed from a kept pod: \(failure.kind) \(failure.name): \(failure.reason)")
    }
    if let sweep { result.merge(await sweep.removeCgroup(of: identity)) }
    return result
  }
}
