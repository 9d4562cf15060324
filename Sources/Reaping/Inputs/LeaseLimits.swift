import Glibc

extension LeaseServer {
  /// What peers are held to.
  struct Limits: Sendable {
    /// The longest line in bytes.
    var line = 512
    /// Connections of one user.
    var perUser = 1024
    /// Connections of all users.
    var total = 4096
    /// How long a peer may take to say who it is.
    var hello = Duration.seconds(2)
    /// Pods of one lease whose figures are kept.
    var pods = 32
    /// Leases that a user gets in each second beyond twice those that he may hold.
    var perSecond = 4.0

    /// Bounds that leave descriptors for the engine and all else, whoever connects: a lease takes
    /// two, and each pod one more. The process's own limit is raised as far as it may be.
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

    /// Bounds for a process with so many descriptors.
    init(descriptors: Int) {
      total = max(1, min(4096, (descriptors - 256) / 4))
      perUser = max(1, min(1024, total / 2))
    }

    /// These bounds.
    init(perUser: Int = 1024, total: Int = 4096, perSecond: Double = 4) {
      self.perUser = perUser
      self.total = total
      self.perSecond = perSecond
    }
  }
}
