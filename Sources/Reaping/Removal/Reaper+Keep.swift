import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects

extension Reaper {
  /// The limits of this moment, for a survey's pods.
  func keepLimits(_ survey: Survey) async -> KeepLimits {
    var limits = KeepLimits(most: settings.keepFailedMax, disk: settings.keepFailedDisk)
    guard survey.pods.values.contains(where: { $0.containers.contains { $0.seconds > 0 } }) else {
      return limits
    }
    if let root = try? await engine.info().dockerRootDir {
      limits.used = await DataRoot.find(root, socket: engine.endpoint.socketPath).percent()
    }
    return limits
  }

  /// Stops what runs of dead executors' pods that are kept, marks their containers, and removes their networks and cgroups.
  ///
  /// - Parameters:
  ///   - assessment: what was found.
  ///   - sweep: removes cgroups; nil where none are known.
  func keep(_ assessment: Assessment, _ sweep: CgroupSweep?) async {
    let keeper = PodKeeper(engine: engine, stopTimeout: settings.removal.stopTimeout)
    for (identity, kept) in assessment.keeping.kept where assessment.isDead(identity) {
      guard let pod = assessment.pods[identity] else { continue }
      let networks = pod.objects.of(.network)
      let secrets = pod.objects.filter(\.isSecret)
      if kept.isDone, networks.isEmpty, secrets.isEmpty { continue }
      await sweep?.thaw(identity)
      do {
        if !kept.isDone { try await keeper.keep(pod.containers, until: kept.until) }
      } catch {
        // The next pass tries again, until its time is over.
        log.warning("a failed pod can't be kept now: \(error)", metadata: identity.logFields)
        continue
      }
      let remover = PodRemover(
        engine: engine, policy: settings.removal, progress: progress.step)
      let result = await remover.remove(networks + secrets, of: identity)
      if !kept.isDone {
        log.notice(
          "kept: \(pod.containers.count) containers of a dead executor, for `docker commit` and the like",
          metadata: identity.logFields)
      }
      for failure in result.failed {
        log.warning(
          "not removed of a kept pod: \(failure.kind) \(failure.name): \(failure.reason)",
          metadata: identity.logFields)
      }
      if let sweep { _ = await sweep.removeCgroup(of: identity) }
      progress.step()
    }
  }

  /// Removes kept pods of executors that are alive, once their time is over: nothing but what the engine has of them.
  ///
  /// - Parameter assessment: what was found.
  /// - Returns: what was removed.
  func removeExpired(_ assessment: Assessment) async -> [PodIdentity: RemovalResult] {
    var results: [PodIdentity: RemovalResult] = [:]
    for (identity, why) in assessment.keeping.dropped where !assessment.isDead(identity) {
      guard let pod = assessment.pods[identity] else { continue }
      let remover = PodRemover(
        engine: engine, policy: settings.removal, progress: progress.step)
      let result = await remover.remove(pod.objects, of: identity)
      log.notice("removed a kept pod: \(why)", metadata: identity.logFields)
      results[identity] = result
    }
    return results
  }
}
