import Glibc
import PodIdentity
import PodObjects

/// The age of a pod.
enum PodAge {
  private static let boot = Incarnation.current().bootID

  /// The time since the pod's executor started, according to the kernel. If the executor is of
  /// another boot or its process isn't known, the time since the oldest container was created.
  ///
  /// - Parameters:
  ///   - pod: the pod.
  ///   - now: the current time.
  ///   - bootID: the boot ID of this host.
  ///   - clock: the current time in seconds since 1970.
  /// - Returns: seconds; nil if neither time is known.
  static func seconds(
    of pod: DiscoveredPod, at now: BootTime, bootID: String? = boot,
    clock: Int64 = Int64(time(nil))
  ) -> Double? {
    let process = pod.identity.incarnation
    // A start time in a label is accepted only if it is not after the present.
    if let start = process.startTime, process.pid != nil, process.bootID == bootID {
      let age = now.sinceBoot.inSeconds - Double(start) / Double(sysconf(Int32(_SC_CLK_TCK)))
      if age >= 0 { return age }
    }
    return pod.created.map { Double(max(0, clock - $0)) }
  }
}
