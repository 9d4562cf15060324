import Compose
import OrderedCollections

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
/// Without offered ports the file's own host ports stand.
public struct PortAssignment: Sendable, Equatable {
  /// The ports of each service that publishes any, in the order of the file.
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
        services[service.name] = service.ports.map {
          AssignedPort(service: service.name, port: $0, hostPort: $0.published ?? "")
        }
        count += service.ports.count
      }
      return
    }
    let needs = Self.needs(of: project, offered: Set(offered))
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
        services[need.service, default: []].append(
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
    var target: Int
    var members: [PublishedPort]
    var fixed: Int?
    var position: SourcePosition
  }

  private static func needs(of project: Project, offered: Set<Int>) -> [Need] {
    var needs: [Need] = []
    for service in project.services.values {
      for port in service.ports {
        let fixed = port.published.flatMap { Int($0) }.flatMap { offered.contains($0) ? $0 : nil }
        let shared = needs.firstIndex { need in
          need.service == service.name && need.target == port.target
            && (need.fixed == fixed || fixed == nil || need.fixed == nil)
            && !need.members.contains { $0.transport == port.transport }
        }
        if let shared {
          needs[shared].members.append(port)
          needs[shared].fixed = needs[shared].fixed ?? fixed
        } else {
          needs.append(
            Need(
              service: service.name, target: port.target, members: [port], fixed: fixed,
              position: port.position))
        }
      }
    }
    return needs
  }
}
