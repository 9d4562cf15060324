import Compose
import OrderedCollections
import YAML

/// A published port with its host port.
package struct AssignedPort: Sendable, Equatable {
  /// The service that publishes it.
  package var service: String
  /// The port as the file publishes it.
  package var port: PublishedPort
  /// The host port.
  package var host: HostPort
}

/// The host ports of all published ports.
///
/// With offered ports, each published port gets the next one, in the order of the file. A port that
/// names an offered port itself (`${PORT0}:80`) gets that one. The same container port of a service
/// in tcp and udp shares a host port. Without offered ports, the file's own host ports are used.
/// Each container of a service needs its own host ports.
package struct PortAssignment: Sendable, Equatable {
  /// The ports of each container that publishes any, by its key, in the order of the file.
  package var services: OrderedDictionary<String, [AssignedPort]> = [:]
  /// The number of host ports that are used.
  package var count = 0

  /// Assigns the offered ports.
  ///
  /// - Parameters:
  ///   - project: the project whose services publish ports.
  ///   - offered: the offered host ports in their order; nil if nothing was offered.
  /// - Throws: `DiagnosticError` if there are too few.
  package init(project: Project, offered: [UInt16]?) throws(DiagnosticError) {
    guard let offered else {
      for service in project.services.values where !service.ports.isEmpty {
        try Self.checkRoom(for: service)
        for key in Self.keys(of: service) {
          services[key] = service.ports.map {
            AssignedPort(service: service.name, port: $0, host: $0.host)
          }
          count += service.ports.count
        }
      }
      return
    }
    var needs: [(container: String, need: PortNeed)] = []
    for service in project.services.values {
      try Self.checkNamed(of: service, offered)
      let own = service.portNeeds(offered: Set(offered))
      for key in Self.keys(of: service) { needs += own.map { (key, $0) } }
    }
    count = needs.count
    let named = Set(needs.compactMap(\.need.offered))
    var free = offered.filter { !named.contains($0) }[...]
    let open = needs.filter { $0.need.offered == nil }
    if open.count > free.count {
      throw DiagnosticError(
        "the file publishes \(needs.count) port\(needs.count == 1 ? "" : "s"), and "
          + "\(offered.count) \(offered.count == 1 ? "was" : "were") offered",
        at: open[free.count].need.ports[0].position)
    }
    for (container, need) in needs {
      guard let host = need.offered ?? free.popFirst() else { continue }
      services[container, default: []] += need.ports.map {
        AssignedPort(service: need.service, port: $0, host: .fixed(host))
      }
    }
  }

  /// Makes one container publish the ports of all services.
  ///
  /// - Parameter owner: the container that owns their network namespace.
  mutating func move(to owner: String) {
    let all = services.values.flatMap { $0 }
    services = all.isEmpty ? [:] : [owner: all]
  }

  private static func keys(of service: Service) -> [String] {
    (1..<(service.containers + 1)).map { ContainerPlan.key(of: service, number: $0) }
  }

  /// An offered port can be used by one container only.
  private static func checkNamed(
    of service: Service, _ offered: [UInt16]
  ) throws(DiagnosticError) {
    guard service.containers > 1 else { return }
    for port in service.ports {
      guard let number = port.host.number, offered.contains(number) else { continue }
      throw DiagnosticError(
        "service '\(service.name)' has \(service.containers) containers, but the single offered "
          + "port \(number): remove it, and each container gets the next port", at: port.position)
    }
  }

  /// A host port can be used by one container only. The engine chooses a free port of a range.
  private static func checkRoom(for service: Service) throws(DiagnosticError) {
    for port in service.ports where service.containers > 1 {
      guard let range = port.host.range, range.count < service.containers else { continue }
      let first = Int(range.lowerBound)
      throw DiagnosticError(
        "service '\(service.name)' has \(service.containers) containers, and host port \(port.host) doesn't "
          + "suffice for all: publish a range, \(first)-\(first + service.containers - 1), or no host port",
        at: port.position)
    }
  }
}
