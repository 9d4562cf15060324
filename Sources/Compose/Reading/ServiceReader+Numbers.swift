import YAML

/// Ports and limits of a service.
extension ServiceReader {
  func ports() throws(ComposeError) -> [PublishedPort] {
    var ports: [PublishedPort] = []
    for entry in node["ports"]?.sequence ?? [] {
      let target = entry["target"]?.integer ?? 0
      guard (1...65535).contains(target) else {
        throw ComposeError(
          "a port must be 1 to 65535", at: entry["target"]?.position ?? entry.position)
      }
      let transport = entry["protocol"]?.string ?? "tcp"
      guard ["tcp", "udp", "sctp"].contains(transport) else {
        throw ComposeError(
          "a port's protocol must be tcp, udp or sctp",
          at: entry["protocol"]?.position ?? entry.position)
      }
      let published = entry.located("published")
      if let published {
        let (first, last) = published.value.split("-")
        let (low, high) = (UInt16(first), last.map { UInt16($0) } ?? UInt16(first))
        guard let low, let high, low <= high else {
          throw ComposeError(
            "`published` must be a port or a range of ports, not `\(published.value)`",
            at: published.position)
        }
      }
      ports.append(
        PublishedPort(
          target: Int(target), published: published?.value == "0" ? nil : published?.value,
          hostIP: entry.located("host_ip")?.value, transport: transport, position: entry.position))
    }
    return inFileOrder(ports)
  }

  /// The canonical form orders a range by its ports as text; the pod wants them by number.
  private func inFileOrder(_ ports: [PublishedPort]) -> [PublishedPort] {
    var ordered: [PublishedPort] = []
    var index = 0
    while index < ports.count {
      let end = ports[index...].firstIndex { $0.position != ports[index].position } ?? ports.count
      ordered += ports[index..<end].sorted { $0.target < $1.target }
      index = end
    }
    return ordered
  }

  func expose() throws(ComposeError) -> [String] {
    var exposed: [String] = []
    for entry in node["expose"].locatedStrings {
      let (range, transport) = entry.value.split("/")
      let (first, last) = range.split("-")
      let (low, high) = (UInt16(first), last.map { UInt16($0) } ?? UInt16(first))
      guard let low, let high, low > 0, low <= high,
        ["tcp", "udp", "sctp"].contains((transport ?? "tcp").lowercased())
      else {
        throw ComposeError("`\(entry.value)` is no port to expose", at: entry.position)
      }
      exposed += (low...high).map { "\($0)/\((transport ?? "tcp").lowercased())" }
    }
    return exposed
  }

  func readLimits(into service: inout Service) throws(ComposeError) {
    service.memoryLimit = try bytes("mem_limit").flatMap { $0.value == 0 ? nil : $0 }
    service.memorySwapLimit = try bytes("memswap_limit", least: -1)?.value
    service.memoryReservation = try bytes("mem_reservation")?.value
    service.shmSize = try bytes("shm_size")?.value
    if let cpus = try processors(node["cpus"]) { service.cpus = cpus }
    service.cpuShares = try number("cpu_shares")?.value
    service.cpuQuota = try number("cpu_quota", least: -1)
    service.cpuPeriod = try number("cpu_period")?.value
    service.cpuset = node.located("cpuset")?.value
    if let retries = node["healthcheck"]?["retries"], (retries.integer ?? 0) < 0 {
      throw ComposeError("`retries` can't be negative", at: retries.position)
    }
    for (holder, key) in [
      (node, "stop_grace_period"), (node["healthcheck"] ?? node, "interval"),
      (node["healthcheck"] ?? node, "timeout"), (node["healthcheck"] ?? node, "start_period"),
      (node["healthcheck"] ?? node, "start_interval"),
    ] {
      if let value = holder[key], value.string?.hasPrefix("-") == true {
        throw ComposeError("`\(key)` can't be negative", at: value.position)
      }
    }
  }

  private func bytes(_ key: String, least: Int64 = 0) throws(ComposeError) -> Located<Int64>? {
    guard let value = node[key], let bytes = value.string.flatMap({ Int64($0) }) else { return nil }
    guard bytes >= least else {
      throw ComposeError("`\(key)` can't be \(bytes)", at: value.position)
    }
    return Located(bytes, at: value.position)
  }

  /// A number of processors; nil for none and for 0.
  func processors(_ node: YAMLNode?) throws(ComposeError) -> Located<Double>? {
    guard let node, case .single(let value) = node.content, value != 0 else { return nil }
    // Engines ignore a negative one; one that is far too large has no number of nanoseconds.
    guard (0...1_000_000).contains(value) else {
      throw ComposeError("`cpus` can't be \(NumberText.general(value))", at: node.position)
    }
    // By way of its shortest text, so that 0.1 stays 0.1.
    return Located(Double(NumberText.general(value)) ?? Double(value), at: node.position)
  }

  private func number(_ key: String, least: Int64 = 0) throws(ComposeError) -> Located<Int64>? {
    guard let value = node[key], let number = value.integer, number != 0 else { return nil }
    guard number >= least else {
      throw ComposeError("`\(key)` can't be \(number)", at: value.position)
    }
    return Located(number, at: value.position)
  }
}
