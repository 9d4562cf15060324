/// Evaluates an engine's responses for pods. It sends no requests.
enum EngineChecks {
  /// The names of these checks, in their order.
  static let names = ["engine", "cgroup-driver", "storage-driver", "live-restore", "address-pools"]

  /// The properties of an engine that responded.
  struct Engine: Sendable {
    var address: String
    var version: String
    var api: String
    var isLocal: Bool
    var isPodman = false
    var storageDriver: String
    var cgroupDriver: String
    /// `1` or `2`.
    var cgroupVersion: String
    var isRestoring: Bool
    /// Whether this host runs systemd.
    var hostHasSystemd: Bool
    /// The cgroup versions that are mounted on this host.
    var hostVersions: Set<String>
    var pools: AddressPools
    /// The IPv4 subnets of the engine's networks and of the host's routes.
    var used: [String]
  }

  /// Evaluates an engine.
  ///
  /// - Parameter engine: the properties of the engine.
  /// - Returns: a check for each of `names`.
  static func checks(_ engine: Engine) -> [HostCheck] {
    [reached(engine), driver(engine), storage(engine), restore(engine), pools(engine)]
  }

  /// Evaluates an engine that did not respond.
  ///
  /// - Parameters:
  ///   - fault: the cause.
  ///   - fix: the remedy.
  /// - Returns: one check, because the other checks need a response.
  static func unreachable(_ fault: String, fix: String) -> [HostCheck] {
    [.fail(names[0], fault, fix: fix)]
  }

  private static func reached(_ engine: Engine) -> HostCheck {
    let kind = engine.isPodman ? "podman" : "Docker Engine"
    let words = "\(kind) \(engine.version), API \(engine.api), at \(engine.address)"
    return engine.isLocal
      ? .ok(names[0], words)
      : .warn(
        names[0], words + ": its pods stay undecided for pod-reaper",
        fix: "use the unix socket of an engine on this host")
  }

  private static func driver(_ engine: Engine) -> HostCheck {
    let words = "\(engine.cgroupDriver), cgroup v\(engine.cgroupVersion)"
    if engine.cgroupDriver == "none" {
      return .fail(
        names[1], "none: containers have no limits",
        fix: "let the engine manage cgroups (not rootless)")
    }
    if engine.cgroupDriver == "systemd", !engine.hostHasSystemd {
      return .fail(
        names[1], words + ", but systemd doesn't run on this host",
        fix: "set native.cgroupdriver=cgroupfs in the engine's exec-opts")
    }
    if engine.isLocal, !engine.hostVersions.contains(engine.cgroupVersion) {
      return .warn(
        names[1], words + ", which isn't mounted on this host",
        fix: "run this check where the engine runs, with its /sys/fs/cgroup")
    }
    return .ok(names[1], words)
  }

  private static func storage(_ engine: Engine) -> HostCheck {
    engine.storageDriver == "vfs"
      ? .warn(
        names[2], "vfs: each container is a copy of its whole image",
        fix: "use overlay2, on a file system that supports it")
      : .ok(names[2], engine.storageDriver.isEmpty ? "not reported" : engine.storageDriver)
  }

  private static func restore(_ engine: Engine) -> HostCheck {
    if engine.isPodman {
      return .ok(names[3], "not needed: podman has no daemon whose exit stops containers")
    }
    return engine.isRestoring
      ? .ok(names[3], "on")
      : .warn(
        names[3], "off: a restart of the engine stops every pod",
        fix: "set \"live-restore\": true in /etc/docker/daemon.json, and reload the engine")
  }

  private static func pools(_ engine: Engine) -> HostCheck {
    if engine.isPodman { return .ok(names[4], "managed by podman") }
    let (left, total) = engine.pools.left(used: engine.used)
    let words = "\(left) of \(total) networks left"
    let fix =
      "add smaller default-address-pools to /etc/docker/daemon.json, or run docker network prune"
    if left == 0 { return .fail(names[4], words, fix: fix) }
    return left < 10 ? .warn(names[4], words, fix: fix) : .ok(names[4], words)
  }
}

/// The subnets that an engine assigns to networks without a subnet of their own.
struct AddressPools: Sendable, Equatable {
  /// A range of IPv4 addresses that is divided into subnets of one size.
  struct Pool: Sendable, Equatable {
    let first: UInt64
    let last: UInt64
    /// The prefix length of the subnets.
    let size: Int

    /// Parses `172.20.0.0/14`, with the prefix length of the subnets; nil for invalid values.
    init?(_ base: String, size: Int) {
      guard let range = AddressPools.range(base) else { return nil }
      let length = range.last - range.first + 1
      guard 1...32 ~= size, length >= 1 << UInt64(32 - size) else { return nil }
      (first, last, self.size) = (range.first, range.last, size)
    }

    var subnetLength: UInt64 { 1 << UInt64(32 - size) }
    var count: UInt64 { (last - first + 1) / subnetLength }
  }

  let pools: [Pool]

  /// The default of Docker Engine (libnetwork, ipamutils).
  static let standard = AddressPools(
    pools: [
      Pool("172.17.0.0/16", size: 16), Pool("172.18.0.0/16", size: 16),
      Pool("172.19.0.0/16", size: 16), Pool("172.20.0.0/14", size: 16),
      Pool("172.24.0.0/14", size: 16), Pool("172.28.0.0/14", size: 16),
      Pool("192.168.0.0/16", size: 20),
    ].compactMap { $0 })

  /// Counts the subnets that overlap with no network and no route of the host.
  ///
  /// - Parameter used: ranges, for example `172.17.0.0/16`; text that is not an IPv4 range is
  ///   ignored.
  /// - Returns: the number of free subnets, and of all subnets.
  func left(used: [String]) -> (left: UInt64, total: UInt64) {
    let ranges = used.compactMap(Self.range)
    return pools.reduce((0, 0)) { sum, pool in
      // The used subnets of the pool, as sorted ranges of subnet numbers.
      let taken = ranges.compactMap { range -> (UInt64, UInt64)? in
        guard range.last >= pool.first, range.first <= pool.last else { return nil }
        return (
          (max(range.first, pool.first) - pool.first) / pool.subnetLength,
          min((min(range.last, pool.last) - pool.first) / pool.subnetLength, pool.count - 1)
        )
      }.sorted { $0.0 < $1.0 }
      var (count, next): (UInt64, UInt64) = (0, 0)
      for (first, last) in taken where last >= next {
        count += last - max(first, next) + 1
        next = last + 1
      }
      return (sum.0 + pool.count - min(count, pool.count), sum.1 + pool.count)
    }
  }

  /// The addresses of `a.b.c.d/n`; nil for any other text.
  static func range(_ text: String) -> (first: UInt64, last: UInt64)? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let bits = UInt64(parts[1]), bits <= 32 else { return nil }
    let bytes = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard bytes.count == 4, !bytes.contains(nil) else { return nil }
    let address = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1 ?? 0) }
    let length: UInt64 = 1 << (32 - bits)
    let first = address / length * length
    return (first, first + length - 1)
  }
}
