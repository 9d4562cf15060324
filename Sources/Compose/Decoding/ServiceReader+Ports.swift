import YAML

extension ServiceReader {
  func ports() throws(DiagnosticError) -> [PublishedPort] {
    try (node["ports"]?.sequence ?? []).map { entry throws(DiagnosticError) in
      guard let target = UInt16(exactly: entry["target"]?.integer ?? 0), target > 0 else {
        throw DiagnosticError(
          "a port must be 1 to 65535", at: entry["target"]?.position ?? entry.position)
      }
      guard let transport = Transport(rawValue: entry["protocol"]?.string ?? "tcp") else {
        throw DiagnosticError(
          "a port's protocol must be tcp, udp or sctp",
          at: entry["protocol"]?.position ?? entry.position)
      }
      let published = entry.located("published")
      guard let host = published.map({ HostPort($0.value) }) ?? .engineChooses else {
        throw DiagnosticError(
          "`published` must be a port or a range of ports, not `\(published?.value ?? "")`",
          at: published?.position)
      }
      return PublishedPort(
        ContainerPort(target, transport), on: host, hostIP: entry.located("host_ip")?.value,
        at: entry.position)
    }
  }

  func expose() throws(DiagnosticError) -> [ContainerPort] {
    var exposed: [ContainerPort] = []
    for entry in node["expose"].locatedStrings {
      let (text, word) = entry.value.split("/")
      guard let range = ClosedRange(ports: text), range.lowerBound > 0,
        let transport = Transport(rawValue: (word ?? "tcp").lowercased())
      else {
        throw DiagnosticError(
          "`\(entry.value)` is not a port or a range of ports", at: entry.position)
      }
      exposed += range.map { ContainerPort($0, transport) }
    }
    return exposed
  }
}
