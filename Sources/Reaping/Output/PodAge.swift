import Glibc
import PodIdentity
import PodObjects

/// How old a pod is.
enum PodAge {
  private static let boot = Incarnation.current().bootID

  /// Since its executor started, by the kernel's word; of an executor of another boot, or without a known process, since the
  /// oldest container was created.
  ///
  /// - Parameters:
  ///   - pod: the pod.
  ///   - now: the present.
  ///   - bootID: this host's.
  ///   - clock: seconds since 1970.
  /// - Returns: seconds; nil where neither is known.
  static func seconds(
    of pod: ObservedPod, at now: BootTime, bootID: String? = boot,
    clock: Int64 = Int64(time(nil))
  ) -> Double? {
    let process = pod.identity.incarnation
    // Who is told a label's number takes no more of it than the host's uptime.
    if let start = process.startTime, process.pid != nil, process.bootID == bootID {
      let age = now.sinceBoot.inSeconds - Double(start) / Double(sysconf(Int32(_SC_CLK_TCK)))
      if age >= 0 { return age }
    }
    return pod.created.map { Double(max(0, clock - $0)) }
  }
}
