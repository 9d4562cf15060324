import Linux
import PodIdentity
import PodObjects

/// The limits for keeping failed pods on this host.
struct KeepLimits: Sendable, Equatable {
  /// The largest number of kept pods.
  var most = 5
  /// The usage of the engine's disk above which no pod is kept, in percent.
  var disk = 85
  /// The usage of the engine's disk, in percent; nil if it isn't known.
  var used: Int?
  /// Pods that repeatedly could not be kept, with the reason.
  var hopeless: [PodIdentity: String] = [:]
  /// The current time in seconds since 1970.
  var now = WallClock.seconds
  /// The machine ID of this host; nil if it isn't known.
  var machineID: String?
}

extension KeepLimits {
  /// Whether a pod is certainly of another host.
  fileprivate func isOfAnotherHost(_ identity: PodIdentity) -> Bool {
    guard let machineID, let other = identity.host.machineID else { return false }
    return other != machineID
  }
}

/// Decides which failed pods are kept: a pure function of their containers, the verdicts and the
/// limits.
///
/// The decision to keep a pod is recorded in the names of its containers (`KeptName`). If the
/// executor died before it decided, pod-reaper decides.
struct KeptPods: Sendable {
  /// How long and since when a pod is kept.
  struct Kept: Sendable, Equatable {
    /// The end of the time, in seconds since 1970.
    var until: Int64
    /// Whether the decision is recorded and no container runs, so that nothing needs to be done
    /// before `until`.
    var isDone: Bool
    /// The start of the time, in seconds since 1970.
    var since: Int64
  }

  /// The pods that are kept.
  private(set) var kept: [PodIdentity: Kept] = [:]
  /// Pods that should have been kept and aren't, with the reason.
  private(set) var dropped: [PodIdentity: String] = [:]

  /// Decides about pods. The newest are kept.
  ///
  /// - Parameters:
  ///   - pods: the pods on the engine.
  ///   - verdicts: the verdicts about their executors.
  ///   - limits: the host's limits.
  ///   - time: the current time since the boot.
  init(
    _ pods: [PodIdentity: DiscoveredPod], _ verdicts: [PodIdentity: Verdict], _ limits: KeepLimits,
    at time: BootTime
  ) {
    var candidates: [PodIdentity: Kept] = [:]
    for (identity, pod) in pods {
      let seconds = pod.containers.map(\.seconds).max() ?? 0
      guard seconds > 0, pod.containers.contains(where: \.isWorth), let verdict = verdicts[identity]
      else { continue }
      let decided = pod.containers.compactMap(\.until).max()
      let isDone = pod.containers.keptUntil != nil
      switch verdict.state {
      case .leaked: break
      // An executor with several tasks lives on after one of them has failed. If the state of the
      // executor isn't known, the names of the containers still record that the pod is kept, and
      // until when.
      case .alive where isDone: break
      // These limits and this clock don't apply to another host, which a TCP engine may be.
      case .undecided where isDone && !limits.isOfAnotherHost(identity): break
      default: continue
      }
      let deadFor = verdict.deadSince.map { Int64(max(0, (time - $0).inSeconds)) } ?? 0
      let until = decided ?? limits.now - deadFor + seconds
      let one = Kept(until: until, isDone: isDone, since: until - seconds)
      if verdict.state == .leaked, let reason = limits.hopeless[identity] {
        dropped[identity] = "it couldn't be kept: \(reason)"
      } else if limits.now >= until {
        dropped[identity] = "its keep time of \(Duration.seconds(seconds).text) is over"
      } else if until - limits.now > seconds + 3600, (pod.created ?? 0) <= limits.now {
        // If the clock was wrong at the time of the decision, the pod must not be kept forever.
        dropped[identity] = "the host's clock was set back since it was kept"
      } else {
        candidates[identity] = one
      }
    }
    if let used = limits.used, used > limits.disk, limits.most > 0 {
      for identity in candidates.keys {
        dropped[identity] = "the engine's disk is \(used) % full (keep-failed-disk \(limits.disk))"
      }
      return
    }
    let newestFirst = candidates.sorted { one, other in
      (one.value.since, one.key.run, one.key.taskID)
        > (other.value.since, other.key.run, other.key.taskID)
    }
    for (index, one) in newestFirst.enumerated() {
      if index < limits.most {
        kept[one.key] = one.value
      } else {
        dropped[one.key] = "\(limits.most) newer failed pods are kept (keep-failed-max)"
      }
    }
  }
}
