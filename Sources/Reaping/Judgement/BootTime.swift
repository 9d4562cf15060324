import Glibc

/// A point in time by CLOCK_BOOTTIME, which counts a suspended host's time too and is never set.
struct BootTime: Sendable, Hashable, Comparable {
  /// Since the host's boot.
  var sinceBoot: Duration

  /// The present.
  static var now: BootTime {
    // A timespec's two words: which C module has its members depends on which is read first.
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
  /// In seconds, for people and JSON.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  /// Seconds that a file or another process says: what is beyond thirty thousand years is that, and
  /// would not fit.
  init(saidSeconds seconds: Double) {
    self = .seconds(seconds.isNaN ? 0 : min(max(seconds, -1e12), 1e12))
  }

  /// Such as `3 s`, `4 min`, `2 h`, `5 days`.
  var words: String {
    let seconds = components.seconds
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7200 { return "\(seconds / 60) min" }
    if seconds < 172_800 { return "\(seconds / 3600) h" }
    return "\(seconds / 86_400) days"
  }
}
