import YAML

/// The protocol that a port is for.
public enum Transport: String, Sendable, Hashable, CaseIterable, Encodable {
  /// TCP.
  case tcp
  /// UDP.
  case udp
  /// SCTP.
  case sctp
}

/// A port in a container.
public struct ContainerPort: Sendable, Hashable, CustomStringConvertible {
  /// 1 to 65535.
  public var number: UInt16
  /// Its protocol.
  public var transport: Transport

  /// Makes a port.
  public init(_ number: UInt16, _ transport: Transport = .tcp) {
    self.number = number
    self.transport = transport
  }

  /// As the Engine API names it: `80/tcp`.
  public var description: String { "\(number)/\(transport.rawValue)" }
}

/// The port of the host that a container's port is published on.
public enum HostPort: Sendable, Hashable, CustomStringConvertible {
  /// The engine takes a free one.
  case engineChooses
  /// This one.
  case fixed(UInt16)
  /// The engine takes a free one of these.
  case range(ClosedRange<UInt16>)

  /// Reads `port` or `first-last`; 0 is the engine's choice.
  public init?(_ text: String) {
    guard let range = ClosedRange(ports: text) else { return nil }
    if text.contains("-") {
      self = .range(range)
    } else {
      self = range.lowerBound == 0 ? .engineChooses : .fixed(range.lowerBound)
    }
  }

  /// The one port; nil where there is a choice.
  public var number: UInt16? {
    if case .fixed(let number) = self { number } else { nil }
  }

  /// The ports that it may be; nil for any.
  public var range: ClosedRange<UInt16>? {
    switch self {
    case .engineChooses: nil
    case .fixed(let number): number...number
    case .range(let range): range
    }
  }

  /// As the Engine API takes it: `8080`, `8080-8090`, empty for the engine's choice.
  public var description: String {
    switch self {
    case .engineChooses: ""
    case .fixed(let number): "\(number)"
    case .range(let range): "\(range.lowerBound)-\(range.upperBound)"
    }
  }
}

extension ClosedRange<UInt16> {
  /// Reads a port or a range of ports `first-last`, in digits.
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

/// One published port, ranges expanded (Compose specification, "ports").
public struct PublishedPort: Sendable, Equatable {
  /// The port in the container.
  public var container: ContainerPort
  /// The port of the host.
  public var host: HostPort
  /// Host address to bind; nil for all.
  public var hostIP: String?
  /// Where it stands.
  public var position: SourcePosition

  /// Makes a published port.
  public init(
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
public struct PortNeed: Sendable, Equatable {
  /// The service.
  public var service: String
  /// The published ports, of one number in the container and each of another protocol.
  public var ports: [PublishedPort]
  /// The offered port that the file names itself; nil for the next one.
  public var offered: UInt16?

  /// The number of the port in the container.
  public var target: UInt16 { ports[0].container.number }
  /// The protocols, each once.
  public var transports: [Transport] { ports.map(\.container.transport) }
}

extension Service {
  /// The host ports that each of the service's containers needs, in the order of the file: one for
  /// each port in the container, whatever its protocols.
  ///
  /// - Parameter offered: the offered ports, of which the file may name some itself.
  /// - Returns: the needs.
  public func portNeeds(offered: Set<UInt16> = []) -> [PortNeed] {
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
