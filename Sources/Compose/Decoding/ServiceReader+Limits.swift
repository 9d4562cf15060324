import YAML

extension ServiceReader {
  func readLimits(into service: inout Service) throws(DiagnosticError) {
    let limits = "deploy.resources.limits."
    let reservations = "deploy.resources.reservations."
    service.memoryLimit = try bytes("mem_limit")?.unlessZero ?? size(limits + "memory")
    service.memorySwapLimit = try bytes("memswap_limit", least: -1)?.value
    let reservation = try bytes("mem_reservation")
    service.memoryReservation =
      reservation?.unlessZero ?? size(reservations + "memory") ?? reservation
    service.shmSize = try bytes("shm_size")?.value
    service.cpus = try processors("cpus")
    if service.cpus == nil { service.cpus = try processors(limits + "cpus") }
    service.cpuReservation = number(of: reservations + "cpus")
    service.cpuShares = try number("cpu_shares")?.value
    service.cpuQuota = try number("cpu_quota", least: -1)
    service.cpuPeriod = try number("cpu_period")
    service.cpuset = node.located("cpuset")?.value
    if let retries = node["healthcheck"]?["retries"], (retries.integer ?? 0) < 0 {
      throw DiagnosticError("`retries` can't be negative", at: retries.position)
    }
    for (holder, key) in [
      (node, "stop_grace_period"), (node["healthcheck"] ?? node, "interval"),
      (node["healthcheck"] ?? node, "timeout"), (node["healthcheck"] ?? node, "start_period"),
      (node["healthcheck"] ?? node, "start_interval"),
    ] {
      if let value = holder[key], value.string?.hasPrefix("-") == true {
        throw DiagnosticError("`\(key)` can't be negative", at: value.position)
      }
    }
  }

  private func bytes(_ key: String, least: Int64 = 0) throws(DiagnosticError) -> Limit<ByteSize>? {
    guard let value = node[key], let size = value.string.flatMap(ByteSize.init) else { return nil }
    guard size.bytes >= least else {
      throw DiagnosticError("`\(key)` can't be \(size.bytes)", at: value.position)
    }
    return Limit(size, key: key, at: value.position)
  }

  /// A size in `deploy:`; nil for 0.
  private func size(_ path: String) -> Limit<ByteSize>? {
    guard let value = node[path: path], let size = value.string.flatMap(ByteSize.init) else {
      return nil
    }
    return Limit(size, key: path, at: value.position).unlessZero
  }

  /// A number of CPUs; nil if unset or 0.
  private func processors(_ path: String) throws(DiagnosticError) -> Limit<Double>? {
    guard let number = number(of: path) else { return nil }
    // Engines ignore negative values; very large values overflow as nanoseconds.
    guard (0...1_000_000).contains(number.value) else {
      throw DiagnosticError(
        "`cpus` can't be \(NumberText.general(Float(number.value)))", at: number.position)
    }
    return number
  }

  private func number(of path: String) -> Limit<Double>? {
    guard let node = node[path: path], case .single(let value) = node.content, value != 0 else {
      return nil
    }
    // Converts through the shortest text, so that 0.1 stays 0.1.
    let number = Double(NumberText.general(value)) ?? Double(value)
    return Limit(number, key: path, at: node.position)
  }

  private func number(_ key: String, least: Int64 = 0) throws(DiagnosticError) -> Located<Int64>? {
    guard let value = node[key], let number = value.integer, number != 0 else { return nil }
    guard number >= least else {
      throw DiagnosticError("`\(key)` can't be \(number)", at: value.position)
    }
    return Located(number, at: value.position)
  }
}

extension Limit<ByteSize> {
  /// The limit; nil for 0, which counts as unset.
  fileprivate var unlessZero: Self? { value == .zero ? nil : self }
}
