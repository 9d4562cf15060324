import Compose
import OrderedCollections
import YAML

/// One published port and the host port that it gets.
public struct AssignedPort: Sendable, Equatable {
  /// The service that publishes it.
  public var service: String
  /// The port as the file publishes it.
  public var port: PublishedPort
  /// The host port, or a range `first-last`; empty lets the engine choose.
  public var hostPort: String
}

/// Which host port every published port gets.
///
/// With offered ports each published port gets the next, in the order of the file; one that names an offered
/// port itself (`${PORT0}:80`) keeps it. The same container port of a service in tcp and udp shares one.
/// Without offered ports the file's own host ports stand. Several containers of a service need a port each.
public struct PortAssignment: Sendable, Equatable {
  /// The ports of each container that publishes any, by its key, in the order of the file.
  public var services: OrderedDictionary<String, [AssignedPort]> = [:]
  /// How many host ports are taken.
  public var count = 0

  /// Hands out the offered ports.
  ///
  /// - Parameters:
  ///   - project: the project whose services publish ports.
  ///   - offered: the offered host ports in their order; nil if nothing was offered.
  /// - Throws: `ComposeError` if there are too few.
  public init(project: Project, offered: [Int]?) throws(ComposeError) {
    guard let offered else {
      for service in project.services.values where !service.ports.isEmpty {
        try Self.checkRoom(for: service)
        for key in Self.keys(of: service) {
          services[key] = service.ports.map {
            AssignedPort(service: service.name, port: $0, hostPort: $0.published ?? "")
          }
          count += service.ports.count
        }
      }
      return
    }
    let needs = try Self.needs(of: project, offered: Set(offered))
    count = needs.count
    var free = offered.filter { port in !needs.contains { $0.fixed == port } }[...]
    let open = needs.filter { $0.fixed == nil }
    if open.count > free.count {
      throw ComposeError(
        "the file publishes \(needs.count) port\(needs.count == 1 ? "" : "s"), and "
          + "\(offered.count) \(offered.count == 1 ? "was" : "were") offered",
        at: open[free.count].position)
    }
    for need in needs {
      guard let port = need.fixed ?? free.popFirst() else { continue }
      for member in need.members {
        services[need.container, default: []].append(
          AssignedPort(service: need.service, port: member, hostPort: String(port)))
      }
    }
  }

  /// Has one container publish every service's ports, for all of them.
  ///
  /// - Parameter owner: the container that holds their network namespace.
  mutating func move(to owner: String) {
    let all = services.values.flatMap { $0 }
    services = all.isEmpty ? [:] : [owner: all]
  }

  /// One host port that is needed, and the published ports that share it.
  private struct Need {
    var service: String
    var container: String
    var target: Int
    var members: [PublishedPort]
    var fixed: Int?
    var position: SourcePosition
  }

  private static func keys(of service: Service) -> [String] {
    (1..<(service.containers + 1)).map { ContainerPlan.key(of: service, number: $0) }
  }

  /// One host port serves one container; of a range the engine takes what is free.
  private static func checkRoom(for service: Service) throws(ComposeError) {
    for port in service.ports where service.containers > 1 {
      guard let published = port.published else { continue }
      let ends = published.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last,
        last - first + 1 < service.containers
      else { continue }
      throw ComposeError(
        "service '\(service.name)' has \(service.containers) containers, and host port \(published) doesn't "
          + "suffice for all: publish a range, \(first)-\(first + service.containers - 1), or no host port",
        at: port.position)
    }
  }

  private static func needs(
    of project: Project, offered: Set<Int>
  ) throws(ComposeError) -> [Need] {
    var needs: [Need] = []
    for service in project.services.values {
      for key in keys(of: service) {
        for port in service.ports {
          let named = port.published.flatMap { Int($0) }
          let fixed = named.flatMap { offered.contains($0) ? $0 : nil }
          if let fixed, service.containers > 1 {
            throw ComposeError(
              "service '\(service.name)' has \(service.containers) containers, and names the one offered "
                + "port \(fixed): leave it out, and each gets the next", at: port.position)
          }
          add(port, of: service.name, key, fixed: fixed, to: &needs)
        }
      }
    }
    return needs
  }

  private static func add(
    _ port: PublishedPort, of service: String, _ key: String, fixed: Int?, to needs: inout [Need]
  ) {
    let shared = needs.firstIndex { need in
      need.container == key && need.target == port.target
        && (need.fixed == fixed || fixed == nil || need.fixed == nil)
        && !need.members.contains { $0.transport == port.transport }
    }
    if let shared {
      needs[shared].members.append(port)
      needs[shared].fixed = needs[shared].fixed ?? fixed
    } else {
      needs.append(
        Need(
          service: service, container: key, target: port.target, members: [port], fixed: fixed,
          position: port.position))
    }
  }
}
