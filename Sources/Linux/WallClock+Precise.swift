import Glibc

extension WallClock {
  /// The current time in seconds since 1970, as precise as a `Double` allows.
  package static var preciseSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
