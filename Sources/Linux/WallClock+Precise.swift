import Glibc

extension WallClock {
  /// The present in seconds since 1970, to the nanosecond as far as a Double has them.
  public static var preciseSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
