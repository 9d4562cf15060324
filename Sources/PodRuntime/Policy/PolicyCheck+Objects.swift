import Compose
import DockerEngine
import YAML

extension PolicyCheck {
  // MARK: Networks

  /// Options of a bridge that have no effect outside the pod.
  private static let harmlessNetworkOptions: Set<String> = [
    "com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
  ]

  /// Refuses a network that exceeds the policy.
  ///
  /// - Parameters:
  ///   - body: the request.
  ///   - network: the network in the file.
  /// - Throws: `DiagnosticError` with the line of the request.
  func check(_ body: NetworkCreate, of network: Network?) throws(DiagnosticError) {
    func location(_ key: String) -> SourcePosition {
      network?.locations[key] ?? network?.position ?? start
    }
    for key in NetworkCreate.CodingKeys.allCases {
      switch key {
      // A name begins with the project's name (PodNames).
      case .name, .checkDuplicate, .internal, .attachable, .enableIPv4, .enableIPv6, .labels: break
      case .scope:
        if let scope = body.scope { throw policy.refusal("scope \(scope)", nil, at: start) }
      case .driver:
        guard let driver = body.driver, !["", "default"].contains(driver) else { continue }
        if !policy.allows(.networkDrivers, driver) {
          throw policy.refusal(
            "network driver \(driver)", .networkDrivers, driver, at: location("driver"))
        }
      case .options:
        if policy.allows(.networkDrivers) { continue }
        for name in (body.options ?? [:]).keys.sorted()
        where !Self.harmlessNetworkOptions.contains(name) {
          throw policy.refusal(
            "network option \(name)", .networkDrivers, at: location("driver_opts.\(name)"))
        }
      case .ipam: if let ipam = body.ipam { try check(ipam, location) }
      }
    }
  }

  private func check(
    _ ipam: EngineIPAM, _ location: (String) -> SourcePosition
  ) throws(DiagnosticError) {
    for key in EngineIPAM.CodingKeys.allCases {
      switch key {
      case .driver:
        guard let driver = ipam.driver, !["", "default"].contains(driver) else { continue }
        if policy.allows(.networkDrivers) { continue }
        throw policy.refusal("ipam driver \(driver)", .networkDrivers, at: location("ipam.driver"))
      case .options:
        guard let name = ipam.options?.keys.sorted().first, !policy.allows(.networkDrivers) else {
          continue
        }
        throw policy.refusal("ipam option \(name)", .networkDrivers, at: location("ipam.options"))
      case .config:
        for (index, pool) in (ipam.config ?? []).enumerated() {
          try check(pool, at: location("ipam.config.\(index)"))
        }
      }
    }
  }

  private func check(_ pool: IPAMPool, at position: SourcePosition) throws(DiagnosticError) {
    for key in IPAMPool.CodingKeys.allCases {
      switch key {
      case .subnet:
        guard let subnet = pool.subnet else { continue }
        try check(address: subnet, at: position)
        if policy.allows(.subnets) { continue }
        if let taken = IPNetwork(subnet).flatMap({ own in
          HostRoutes.current().first { $0.overlaps(own) }
        }) {
          throw DiagnosticError(
            "subnet \(subnet) overlaps the host's route to \(taken)", at: position)
        }
      case .ipRange: if let range = pool.ipRange { try check(address: range, at: position) }
      case .gateway: if let gateway = pool.gateway { try check(address: gateway, at: position) }
      case .auxiliaryAddresses:
        for (_, address) in pool.auxiliaryAddresses ?? [:] {
          try check(address: address, at: position)
        }
      }
    }
  }

  /// Refuses an address or subnet outside the subnets that the policy lists.
  func check(address: String, at position: SourcePosition) throws(DiagnosticError) {
    guard case .only(let listed) = policy[.subnets], !address.isEmpty else { return }
    if let own = IPNetwork(address),
      listed.compactMap(IPNetwork.init).contains(where: { $0.contains(own) })
    {
      return
    }
    throw policy.refusal("the address \(address)", .subnets, address, at: position)
  }

  // MARK: Volumes

  /// The options of a volume that the local driver supports.
  private static let localOptions: Set<String> = ["type", "o", "device", "size"]
  /// File systems of other hosts, which the engine mounts as the host; the policy lists them as
  /// drivers.
  private static let remoteFilesystems: Set<String> = ["nfs", "nfs4", "cifs", "smb3"]
  /// File systems whose contents come only from their device.
  private static let diskFilesystems: Set<String> = [
    "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "ntfs3", "udf", "vfat", "xfs",
  ]

  /// A volume's request with the checked path, in which links are resolved.
  ///
  /// - Parameters:
  ///   - body: the request.
  ///   - volume: the volume in the file.
  /// - Returns: the request.
  /// - Throws: `DiagnosticError` with the line of a request that exceeds the policy.
  func checked(_ body: VolumeCreate, of volume: Volume?) throws(DiagnosticError) -> VolumeCreate {
    func location(_ key: String) -> SourcePosition {
      volume?.locations[key] ?? volume?.position ?? start
    }
    var body = body
    for key in VolumeCreate.CodingKeys.allCases {
      switch key {
      // A name begins with the project's name (PodNames).
      case .name, .labels: break
      case .driver:
        guard let driver = body.driver, !driver.isEmpty else { continue }
        if !policy.allows(.volumeDrivers, driver) {
          throw policy.refusal(
            "volume driver \(driver)", .volumeDrivers, driver, at: location("driver"))
        }
      case .driverOpts:
        // For the engine an empty name is its own driver.
        guard let options = body.driverOpts, !options.isEmpty, !policy.allows(.volumeDrivers) else {
          continue
        }
        guard ["", "local"].contains(body.driver ?? "") else {
          throw policy.refusal(
            "options of volume driver \(body.driver ?? "")", .volumeDrivers,
            at: location("driver_opts"))
        }
        body.driverOpts?["device"] = try checkedDevice(options, location)
      }
    }
    return body
  }

  /// A local volume is the result of mount(8) with its options: an overlay of directories, the
  /// host's /proc, or a bind mount of a path that only the daemon can resolve.
  private func checkedDevice(
    _ options: [String: String], _ location: (String) -> SourcePosition
  ) throws(DiagnosticError) -> String? {
    if let name = options.keys.sorted().first(where: { !Self.localOptions.contains($0) }) {
      throw policy.refusal(
        "volume option \(name)", .volumeDrivers, at: location("driver_opts.\(name)"))
    }
    for (name, value) in options {
      try checkPlain(value, "volume option \(name)", at: location("driver_opts.\(name)"))
    }
    let kind = options["type"] ?? ""
    let device = options["device"] ?? ""
    let words = (options["o"] ?? "").split(separator: ",").map { $0.lowercased() }
    let here = location("driver_opts.device")
    if words.contains(where: { ["bind", "rbind"].contains($0) }) {
      if let word = words.first(where: { !["bind", "rbind", "ro", "rw"].contains($0) }) {
        throw policy.refusal(
          "volume option o=\(word)", .volumeDrivers, at: location("driver_opts.o"))
      }
      if !["", "none", "bind"].contains(kind) {
        throw policy.refusal("a bind mount of type \(kind)", .volumeDrivers, at: here)
      }
      return try paths.check(device, at: here, as: "volume device")
    }
    if device.isEmpty, kind.isEmpty { return options["device"] }
    if kind == "tmpfs" {
      try checkTmpfs(options["o"] ?? "", at: location("driver_opts.o"))
      return "tmpfs"
    }
    if Self.remoteFilesystems.contains(kind) {
      if policy.allows(.volumeDrivers, kind) { return device }
      throw policy.refusal("volume of type \(kind)", .volumeDrivers, kind, at: here)
    }
    guard Self.diskFilesystems.contains(kind) else {
      throw policy.refusal("volume of type \(kind) from \(device)", .volumeDrivers, at: here)
    }
    if let word = words.first(where: { $0.contains("=") || $0.contains("/") }) {
      throw policy.refusal("volume option o=\(word)", .volumeDrivers, at: location("driver_opts.o"))
    }
    return try paths.check(device: device, at: here, as: "volume device \(device)")
  }
}
