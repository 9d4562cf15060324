import Compose

/// One host port that a container needs.
///
/// Every published port needs one; the same container port in tcp and udp shares one, as when the pod hands them out.
public struct PortNeed: Sendable, Equatable {
  /// The service.
  public var service: String
  /// Port in the container.
  public var target: Int
  /// `tcp`, `udp` or `sctp`, each once.
  public var transports: [String]

  /// The host ports of one of a service's containers, in the order of the file.
  static func needs(of service: Service) -> [PortNeed] {
    var needs: [PortNeed] = []
    for port in service.ports {
      let shared = needs.firstIndex {
        $0.target == port.target && !$0.transports.contains(port.transport)
      }
      if let shared {
        needs[shared].transports.append(port.transport)
      } else {
        needs.append(
          PortNeed(service: service.name, target: port.target, transports: [port.transport]))
      }
    }
    return needs
  }
}
