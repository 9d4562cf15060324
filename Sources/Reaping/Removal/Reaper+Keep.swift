import Cgroups
import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects

/// Attempts to keep the pods of dead executors.
struct KeepAttempts: Sendable {
  /// After how many passes in a row a pod that can't be kept is removed as any other leaked one.
  static let most = 3

  /// Pods that a pass has begun to keep and isn't through with.
  var underWay: Set<PodIdentity> = []
  /// How many passes in a row have failed, and the last reason.
  private(set) var failures: [PodIdentity: (count: Int, reason: String)] = [:]

  /// The pods that can't be kept, with the reason.
  var hopeless: [PodIdentity: String] {
    failures.filter { $0.value.count >= Self.most }.mapValues(\.reason)
  }

  /// Notes what became of an attempt.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - failure: why it failed; nil where it is kept.
  mutating func note(_ identity: PodIdentity, _ failure: String?) {
    failures[identity] = failure.map { ((failures[identity]?.count ?? 0) + 1, $0) }
  }

  /// Forgets a pod of which nothing is left.
  mutating func forget(_ identity: PodIdentity) { failures[identity] = nil }
}

extension Reaper {
  /// The limits of this moment, for a survey's pods.
  func keepLimits(_ survey: Survey) async -> KeepLimits {
    var limits = KeepLimits(most: settings.keepFailedMax, disk: settings.keepFailedDisk)
    guard survey.pods.values.contains(where: { $0.containers.contains { $0.seconds > 0 } }) else {
      return limits
    }
    limits.hopeless = keeping.hopeless
    if let root = try? await engine.info().dockerRootDir {
      limits.used = await DataRoot.find(root, socket: engine.endpoint.socketPath).percent()
    }
    return limits
  }

  /// Stops what runs of dead executors' pods that are kept, marks their containers, and removes their networks and cgroups.
  /// All of it is over within the stop timeout and 20 s; what isn't done by then has failed in this pass.
  ///
  /// - Parameters:
  ///   - assessment: what was found.
  ///   - sweep: removes cgroups; nil where none are known.
  ///   - results: told of what failed.
  func keep(
    _ assessment: Assessment, _ sweep: CgroupSweep?,
    _ results: inout [PodIdentity: RemovalResult]
  ) async {
    var attempts: [(PodIdentity, Task<RemovalResult, Never>)] = []
    for (identity, kept) in assessment.keeping.kept where assessment.isDead(identity) {
      guard let pod = assessment.pods[identity] else { continue }
      let rest = pod.objects.filter { $0.kind == .network || $0.isSecret }
      let hasCgroup = sweep?.folders.folders(of: identity.cgroupParent).isEmpty == false
      if kept.isDone, rest.isEmpty, !hasCgroup { continue }
      // An earlier pass's attempt may hang in the engine.
      guard keeping.underWay.insert(identity).inserted else {
        results[identity] = note(identity, Self.hanging(identity))
        continue
      }
      let attempt = Task {
        let result = await self.keep(pod, of: identity, kept, rest, sweep)
        self.endAttempt(identity)
        return result
      }
      attempts.append((identity, attempt))
    }
    let deadline = ContinuousClock.now + .seconds(settings.removal.stopTimeout + 20)
    for (identity, attempt) in attempts {
      let watch = Task { _ = await attempt.value }
      guard await watch.hasEnded(within: max(.zero, deadline - .now)) else {
        results[identity] = note(identity, Self.hanging(identity))
        continue
      }
      results[identity] = note(identity, await attempt.value)
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

  /// Counts an attempt; a network or a cgroup that is left is no reason to give the containers up.
  private func note(_ identity: PodIdentity, _ result: RemovalResult) -> RemovalResult {
    keeping.note(identity, result.failed.first { $0.kind == "containers" }?.reason)
    return result
  }

  private func keep(
    _ pod: ObservedPod, of identity: PodIdentity, _ kept: KeptPods.Kept, _ rest: [PodObject],
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
        "kept: \(pod.containers.count) containers of a dead executor, for `docker commit` and the like",
        metadata: identity.logFields)
    }
    let remover = PodRemover(engine: engine, policy: settings.removal, progress: progress.step)
    var result = await remover.remove(rest, of: identity)
    for failure in result.failed {
      log.warning(
        "not removed of a kept pod: \(failure.kind) \(failure.name): \(failure.reason)",
        metadata: identity.logFields)
    }
    if let sweep { result.merge(await sweep.removeCgroup(of: identity)) }
    return result
  }
}
