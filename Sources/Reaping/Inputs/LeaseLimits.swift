import Glibc

extension LeaseServer {
  /// The bounds for peers.
  struct Limits: Sendable {
    /// The maximum length of a line in bytes.
    var line = 512
    /// The maximum number of connections of one user.
    var perUser = 1024
    /// The maximum number of connections of all users.
    var total = 4096
    /// The time limit for the first line of a peer.
    var hello = Duration.seconds(2)
    /// The maximum number of pods of one lease whose figures are kept.
    var pods = 32
    /// The leases per second that a user may take after a burst of twice `perUser`.
    var perSecond = 4.0

    /// Bounds that leave descriptors for the engine and all other purposes: a lease needs two, and
    /// each pod one more. The process's own limit is first raised as far as permitted, to at most
    /// 65,536.
    static func fitting() -> Limits {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        return Limits()
      }
      limit.rlim_cur = min(limit.rlim_max, 65_536)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      return Limits(descriptors: Int(clamping: limit.rlim_cur))
    }

    /// Bounds for a process that may have this number of descriptors.
    init(descriptors: Int) {
      total = max(1, min(4096, (descriptors - 256) / 4))
      perUser = max(1, min(1024, total / 2))
    }

    /// Bounds with these numbers, and the defaults for all others.
    init(perUser: Int = 1024, total: Int = 4096, perSecond: Double = 4) {
      self.perUser = perUser
      self.total = total
      self.perSecond = perSecond
    }
  }
}
