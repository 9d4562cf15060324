import Cgroups
import Glibc
import PodIdentity

/// Who holds a lease, as the kernel says: never as the peer claims.
struct LeaseHolder: Sendable, Hashable {
  /// The run that it keeps.
  var run: String
  /// The peer's process ID in this namespace.
  var pid: Int32
  /// Its start time, read when it said which run it keeps.
  var startTime: UInt64
  /// The cgroups that the peer lives in, without a `leaf`; the hierarchies' roots are left out.
  var cgroups: Set<String>
  /// The peer's user.
  var user = uid_t.max

  /// Whether the lease is this pod's executor's: it bears the same pid and start time, or, where
  /// its pid isn't known, the peer lives in the very cgroup that the pod's label names, and that is
  /// an agent's. A cgroup elsewhere that is merely called like the run can be made by anybody whom
  /// a part of the tree is delegated to; and no executor lives in one below our own root.
  func keeps(_ identity: PodIdentity) -> Bool {
    guard identity.run == run else { return false }
    guard let pid = identity.incarnation.pid, let startTime = identity.incarnation.startTime else {
      let parent = identity.ownCgroup
      return CgroupPath.isRun(parent, run) && !CgroupPath.isOwn(parent) && cgroups.contains(parent)
    }
    return pid == self.pid && startTime == self.startTime
  }
}

extension LeaseHolder {
  /// Whether the process table proves that the holder has ended.
  var isGone: Bool {
    if case .gone = Incarnation(bootID: nil, pid: pid, startTime: startTime).look() { return true }
    return false
  }
}

/// What the holder of a lease has reported of its pods.
struct LeaseReport: Sendable {
  let holder: LeaseHolder
  /// The restarts of all its pods together, of an executor that reports nothing else.
  var restarts: Int?
  /// The figures of its pods, by task.
  var figures: [String: LeaseFigures] = [:]
}

/// What happens to leases.
enum LeaseEvent: Sendable {
  case held(LeaseHolder)
  /// The connection is closed, and the process has ended or lives on without it.
  case dropped(LeaseHolder, processEnded: Bool)
  /// A process whose connection was closed before has ended.
  case ended(LeaseHolder)
  /// The executor says that it is through, and its pod gone.
  case released(LeaseHolder)
  /// The executor reports that every service of a pod is up, and how long that took.
  case podLaunched(LeaseHolder, seconds: Double)
  /// The executor reports the terminal state of a pod.
  case podEnded(LeaseHolder, LeaseFigures.Outcome)

  /// The run that it is about.
  var run: String {
    switch self {
    case .held(let holder), .dropped(let holder, _), .ended(let holder), .released(let holder),
      .podLaunched(let holder, _), .podEnded(let holder, _):
      holder.run
    }
  }
}
