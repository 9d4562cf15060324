import Compose
import OrderedCollections
import YAML

/// Names and links of services that share a network namespace.
///
/// A container that joins another one's network has the addresses and the hosts file of that
/// container, and Docker refuses links, hosts entries and published ports on it. Links and hosts
/// entries therefore move to the namespace's owner, and the names of its services resolve to
/// 127.0.0.1.
struct JoinedNetworkRouting {
  /// The owner of the network namespace, by service, for services that join the namespace of
  /// another one.
  private(set) var owners: [String: String] = [:]
  /// Hosts entries that an owner gets in addition to its own: `name:address`.
  private(set) var hosts: [String: [String]] = [:]
  /// Links that move to an owner from services that join it.
  private(set) var ownerLinks: [String: [Located<Link>]] = [:]

  /// Determines the owners, hosts entries and links of a project.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - infra: the infrastructure container's service, whose name isn't resolved; nil if there is
  ///     none.
  /// - Throws: `DiagnosticError` with the line of a key that a service can't have in another one's
  ///   namespace.
  init(project: Project, infra: String? = nil) throws(DiagnosticError) {
    for service in project.services.values {
      owners[service.name] = Self.owner(of: service, in: project)
    }
    for (name, owner) in owners {
      if let service = project.services[name] { try Self.check(service, owner: owner) }
    }
    for owner in project.services.values where owners.values.contains(owner.name) {
      try collect(owner: owner, project: project, except: infra)
    }
  }

  /// Links of a service itself: none if it joins another one's namespace, and none within its own.
  func links(of service: Service) -> [Located<Link>] {
    if owners[service.name] != nil { return [] }
    let own = service.links.filter { owners[$0.value.target] != service.name }
    return own + (ownerLinks[service.name] ?? [])
  }

  private static func owner(of service: Service, in project: Project) -> String? {
    var current = service
    var seen: Set<String> = []
    while case .service(let next)? = current.networkMode?.value, seen.insert(next).inserted,
      let target = project.services[next]
    {
      current = target
    }
    return current.name == service.name ? nil : current.name
  }

  private static func check(_ service: Service, owner: String) throws(DiagnosticError) {
    if let port = service.ports.first {
      throw DiagnosticError(
        "service '\(service.name)' uses the network of '\(owner)': publish its ports there",
        at: port.position)
    }
    if let hostname = service.hostname {
      throw DiagnosticError(
        "service '\(service.name)' uses the network of '\(owner)' and has its host name: "
          + "set hostname there", at: hostname.position)
    }
    if !service.dns.isEmpty || !service.dnsSearch.isEmpty {
      throw DiagnosticError(
        "service '\(service.name)' uses the network of '\(owner)' and has its name servers: "
          + "set dns there", at: service.position)
    }
  }

  private mutating func collect(
    owner: Service, project: Project, except infra: String?
  ) throws(DiagnosticError) {
    let members = project.services.values.filter {
      $0.name == owner.name || owners[$0.name] == owner.name
    }
    let inside = Set(members.map(\.name))
    let taken = Set(owner.extraHosts.map(\.host))
    var names: OrderedSet<String> = []
    for member in members where member.name != infra {
      names.append(member.name)
      if let name = member.containerName?.value { names.append(name) }
    }
    var entries: [String] = []
    for member in members {
      for link in member.links {
        if inside.contains(link.value.target) {
          names.append(link.value.alias)
        } else if member.name != owner.name {
          try move(link, of: member, to: owner, project: project)
        }
      }
      if member.name != owner.name {
        entries += member.extraHosts.filter { !taken.contains($0.host) }.map {
          "\($0.host):\($0.address)"
        }
      }
    }
    // The file's own address for a name wins.
    let given = taken.union(entries.compactMap { $0.split(separator: ":").first.map(String.init) })
    hosts[owner.name] = names.filter { !given.contains($0) }.map { "\($0):127.0.0.1" } + entries
  }

  private mutating func move(
    _ link: Located<Link>, of member: Service, to owner: Service, project: Project
  ) throws(DiagnosticError) {
    // The owner must then start after the link's target, which is impossible if the target waits
    // for it.
    if project.dependencies.reaches(owner.name, from: link.value.target) {
      throw DiagnosticError(
        "the link to '\(link.value.target)' would belong to '\(owner.name)', whose network "
          + "'\(member.name)' uses, but '\(link.value.target)' waits for '\(owner.name)' to start",
        at: link.position)
    }
    ownerLinks[owner.name, default: []].append(link)
  }
}

extension Project {
  /// Refuses services that wait for each other because of `container:NAME`, which the loader
  /// doesn't follow.
  func checkOrder() throws(DiagnosticError) {
    let graph = dependencies
    for service in services.values {
      for (other, dependency) in service.dependencies
      where graph.reaches(service.name, from: other) {
        throw DiagnosticError(
          "service '\(service.name)' needs '\(other)', which waits for '\(service.name)' to start",
          at: dependency.position)
      }
    }
  }
}
