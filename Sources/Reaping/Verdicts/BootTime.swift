import Glibc

/// A point in time of CLOCK_BOOTTIME, which includes the time of suspension and can't be set.
struct BootTime: Sendable, Hashable, Comparable {
  /// The time since the host's boot.
  var sinceBoot: Duration

  /// The current time.
  static var now: BootTime {
    // The timespec is filled in as two integers: which C module declares its members depends on the
    // order in which modules are loaded.
    var time = (seconds: 0, nanoseconds: 0)
    withUnsafeMutablePointer(to: &time) {
      $0.withMemoryRebound(to: timespec.self, capacity: 1) {
        _ = clock_gettime(CLOCK_BOOTTIME, $0)
      }
    }
    return BootTime(sinceBoot: .seconds(time.seconds) + .nanoseconds(time.nanoseconds))
  }

  static func < (left: BootTime, right: BootTime) -> Bool { left.sinceBoot < right.sinceBoot }
  static func + (time: BootTime, span: Duration) -> BootTime {
    BootTime(sinceBoot: time.sinceBoot + span)
  }
  static func - (left: BootTime, right: BootTime) -> Duration { left.sinceBoot - right.sinceBoot }
}

extension Duration {
  /// The duration in seconds, for output.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  /// A number of seconds from a file or another process, limited to about thirty thousand years,
  /// because larger values don't fit.
  init(reportedSeconds seconds: Double) {
    self = .seconds(seconds.isNaN ? 0 : min(max(seconds, -1e12), 1e12))
  }

  /// For example `3 s`, `4 min`, `2 h`, `5 days`.
  var text: String {
    let seconds = components.seconds
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7200 { return "\(seconds / 60) min" }
    if seconds < 172_800 { return "\(seconds / 3600) h" }
    return "\(seconds / 86_400) days"
  }
}
