import Linux
import PodIdentity
import PodObjects

/// How many failed pods are kept on this host, and how full its disk may be.
struct KeepLimits: Sendable, Equatable {
  /// How many, at most.
  var most = 5
  /// How full the disk of the engine's data may be, in percent, for any to be kept.
  var disk = 85
  /// How full it is; nil where that isn't known.
  var used: Int?
  /// Pods that couldn't be kept however often it was tried, with the reason.
  var hopeless: [PodIdentity: String] = [:]
  /// The present in seconds since 1970.
  var now = WallClock.seconds
}

/// What becomes of failed pods that are to be kept: a pure function of their containers, the verdicts and the limits.
///
/// The decision to keep a pod is in the names of its containers (`KeptName`). Where its executor died before it had
/// decided, pod-reaper decides.
struct KeptPods: Sendable {
  /// Why and until when a pod is kept.
  struct Kept: Sendable, Equatable {
    /// Until when, in seconds since 1970.
    var until: Int64
    /// Whether that is decided and nothing of it runs: there is nothing to be done before it is over.
    var isDone: Bool
    /// When it was decided, in seconds since 1970.
    var since: Int64
  }

  /// The pods that are kept.
  private(set) var kept: [PodIdentity: Kept] = [:]
  /// Pods that were to be kept and aren't, with the reason.
  private(set) var dropped: [PodIdentity: String] = [:]

  /// Chooses among pods: the newest stay.
  ///
  /// - Parameters:
  ///   - pods: what the engine has.
  ///   - verdicts: what is thought of their executors.
  ///   - limits: the host's limits.
  ///   - time: the present since the boot.
  init(
    _ pods: [PodIdentity: ObservedPod], _ verdicts: [PodIdentity: Verdict], _ limits: KeepLimits,
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
      // An executor of several tasks lives on when one of them has failed; and of one of which nothing is known the name of
      // each container says all the same that it is kept, and until when.
      case .alive where isDone, .undecided where isDone: break
      default: continue
      }
      let deadFor = verdict.deadSince.map { Int64(max(0, (time - $0).inSeconds)) } ?? 0
      let until = decided ?? limits.now - deadFor + seconds
      let one = Kept(until: until, isDone: isDone, since: until - seconds)
      if verdict.state == .leaked, let reason = limits.hopeless[identity] {
        dropped[identity] = "it was to be kept, and couldn't be: \(reason)"
      } else if limits.now >= until {
        dropped[identity] = "its time to be kept, \(Duration.seconds(seconds).words), is over"
      } else if until - limits.now > seconds + 3600, (pod.created ?? 0) <= limits.now {
        // A clock that was wrong when it was decided must not keep it for ever.
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
