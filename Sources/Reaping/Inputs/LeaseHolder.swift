import Cgroups
import Glibc
import PodIdentity

/// The process that holds a lease. All properties except `run` are from the kernel, not from the
/// peer.
struct LeaseHolder: Sendable, Hashable {
  /// The run that the peer named in its first line.
  var run: String
  /// The peer's process ID in this namespace.
  var pid: Int32
  /// The peer's start time in clock ticks since boot, read when its first line arrived.
  var startTime: UInt64
  /// The paths of the peer's cgroups, without a last component `leaf`. The roots of hierarchies are
  /// left out.
  var cgroups: Set<String>
  /// The peer's user ID.
  var user = uid_t.max

  /// Whether the holder is the pod's executor: it has the pid and the start time in the pod's
  /// labels. If the labels have none, the holder must be in the cgroup that the pod's label names,
  /// and that cgroup must be an agent's. Another cgroup with the run's name proves nothing, because
  /// any user to whom a part of the tree is delegated can create it. No executor is in a cgroup
  /// below this project's own root.
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
  /// Whether the process table proves that the holder has exited.
  var isGone: Bool {
    if case .gone = Incarnation(bootID: nil, pid: pid, startTime: startTime).inspect() {
      return true
    }
    return false
  }
}

/// The reports of a lease's holder about its pods.
struct LeaseReport: Sendable {
  let holder: LeaseHolder
  /// The restarts of all its pods, from an executor that reports nothing else.
  var restarts: Int?
  /// The figures of its pods, by task.
  var figures: [String: LeaseFigures] = [:]
}

/// An event of a lease.
enum LeaseEvent: Sendable {
  case held(LeaseHolder)
  /// The connection is closed. The process has exited, or is still alive.
  case dropped(LeaseHolder, processEnded: Bool)
  /// A process has exited whose connection was closed before.
  case ended(LeaseHolder)
  /// The executor reports that its pods are removed.
  case released(LeaseHolder)
  /// The executor reports that every service of a pod is up, and the time of the launch.
  case podLaunched(LeaseHolder, seconds: Double)
  /// The executor reports the terminal state of a pod.
  case podEnded(LeaseHolder, LeaseFigures.Outcome)

  /// The run of the lease.
  var run: String {
    switch self {
    case .held(let holder), .dropped(let holder, _), .ended(let holder), .released(let holder),
      .podLaunched(let holder, _), .podEnded(let holder, _):
      holder.run
    }
  }
}
