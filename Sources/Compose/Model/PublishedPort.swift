import YAML

/// The protocol of a port.
package enum Transport: String, Sendable, Hashable, CaseIterable, Encodable {
  /// TCP.
  case tcp
  /// UDP.
  case udp
  /// SCTP.
  case sctp
}

/// A port in a container.
package struct ContainerPort: Sendable, Hashable, CustomStringConvertible {
  /// The port number, 1 to 65535.
  package var number: UInt16
  /// The protocol.
  package var transport: Transport

  /// Creates a port.
  package init(_ number: UInt16, _ transport: Transport = .tcp) {
    self.number = number
    self.transport = transport
  }

  /// The name in the Engine API: `80/tcp`.
  package var description: String { "\(number)/\(transport.rawValue)" }
}

/// The host port on which a container's port is published.
package enum HostPort: Sendable, Hashable, CustomStringConvertible {
  /// Any free port, chosen by the engine.
  case engineChooses
  /// This port.
  case fixed(UInt16)
  /// A free port of this range, chosen by the engine.
  case range(ClosedRange<UInt16>)

  /// Parses `port` or `first-last`; 0 lets the engine choose. Nil for any other text.
  package init?(_ text: String) {
    guard let range = ClosedRange(ports: text) else { return nil }
    if text.contains("-") {
      self = .range(range)
    } else {
      self = range.lowerBound == 0 ? .engineChooses : .fixed(range.lowerBound)
    }
  }

  /// The port if it is fixed, else nil.
  package var number: UInt16? {
    if case .fixed(let number) = self { number } else { nil }
  }

  /// The possible ports; nil for any port.
  package var range: ClosedRange<UInt16>? {
    switch self {
    case .engineChooses: nil
    case .fixed(let number): number...number
    case .range(let range): range
    }
  }

  /// The format of the Engine API: `8080`, `8080-8090`, or empty if the engine chooses.
  package var description: String {
    switch self {
    case .engineChooses: ""
    case .fixed(let number): "\(number)"
    case .range(let range): "\(range.lowerBound)-\(range.upperBound)"
    }
  }
}

extension ClosedRange<UInt16> {
  /// Parses a decimal port or a range of ports `first-last`; nil for any other text.
  package init?(ports text: some StringProtocol) {
    func number(_ text: String) -> UInt16? {
      text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        ? UInt16(text) : nil
    }
    let (first, last) = text.split("-")
    guard let low = number(first), let high = last.map(number) ?? low, low <= high else {
      return nil
    }
    self = low...high
  }
}

/// One published port; ranges are expanded (Compose specification, "ports").
package struct PublishedPort: Sendable, Equatable {
  /// The port in the container.
  package var container: ContainerPort
  /// The port of the host.
  package var host: HostPort
  /// The host address to bind; nil for all addresses.
  package var hostIP: String?
  /// The position in the file.
  package var position: SourcePosition

  /// Creates a published port.
  package init(
    _ container: ContainerPort, on host: HostPort = .engineChooses, hostIP: String? = nil,
    at position: SourcePosition
  ) {
    self.container = container
    self.host = host
    self.hostIP = hostIP
    self.position = position
  }
}

/// One host port that a container needs, and the published ports that share it.
package struct PortNeed: Sendable, Equatable {
  /// The name of the service.
  package var service: String
  /// The published ports. They have the same container port number and different protocols.
  package var ports: [PublishedPort]
  /// The offered port that the file names explicitly; nil for the next free offered port.
  package var offered: UInt16?

  /// The port number in the container.
  package var target: UInt16 { ports[0].container.number }
  /// The protocols, each once.
  package var transports: [Transport] { ports.map(\.container.transport) }
}

extension Service {
  /// The host ports that each of the service's containers needs, in the order of the file. The
  /// protocols of one container port share a host port.
  ///
  /// - Parameter offered: The ports of Mesos' offer; the file may name some of them explicitly.
  /// - Returns: The needed host ports.
  package func portNeeds(offered: Set<UInt16> = []) -> [PortNeed] {
    var needs: [PortNeed] = []
    for port in ports {
      let named = port.host.number.flatMap { offered.contains($0) ? $0 : nil }
      let shared = needs.firstIndex { need in
        need.target == port.container.number
          && (need.offered == named || named == nil || need.offered == nil)
          && !need.transports.contains(port.container.transport)
      }
      if let shared {
        needs[shared].ports.append(port)
        needs[shared].offered = needs[shared].offered ?? named
      } else {
        needs.append(PortNeed(service: name, ports: [port], offered: named))
      }
    }
    return needs
  }
}
