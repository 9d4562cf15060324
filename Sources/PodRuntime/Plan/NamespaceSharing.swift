import Compose
import OrderedCollections
import YAML

/// What services in one network namespace owe each other.
///
/// A container that joins another's network has that one's addresses and hosts file, and Docker refuses links,
/// hosts entries and published ports on it. So links and hosts entries move to the namespace's owner, and each
/// name of a service in there leads to 127.0.0.1.
struct NamespaceSharing {
  /// The service whose network namespace a service lives in, for those that join another's.
  private(set) var owners: [String: String] = [:]
  /// Hosts entries that an owner gets on top of its own: `name:address`.
  private(set) var hosts: [String: [String]] = [:]
  /// Links that an owner takes over from services that joined it.
  private(set) var ownerLinks: [String: [Located<Link>]] = [:]

  /// Reads who lives with whom.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - infra: the infrastructure container's service, whose name leads nowhere; nil where there is none.
  /// - Throws: `ComposeError` with the line for what a service can't have in another's namespace.
  init(project: Project, infra: String? = nil) throws(ComposeError) {
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

  /// Links that stay with a service: none if it joins another's namespace, and none within its own.
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

  private static func check(_ service: Service, owner: String) throws(ComposeError) {
    if let port = service.ports.first {
      throw ComposeError(
        "service '\(service.name)' lives in the network of '\(owner)': publish its ports there",
        at: port.position)
    }
    if let hostname = service.hostname {
      throw ComposeError(
        "service '\(service.name)' lives in the network of '\(owner)' and has its host name: "
          + "set hostname there", at: hostname.position)
    }
    if !service.dns.isEmpty || !service.dnsSearch.isEmpty {
      throw ComposeError(
        "service '\(service.name)' lives in the network of '\(owner)' and has its name servers: "
          + "set dns there", at: service.position)
    }
  }

  private mutating func collect(
    owner: Service, project: Project, except infra: String?
  ) throws(ComposeError) {
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
    // A name that the file gives an address itself keeps that.
    let given = taken.union(entries.compactMap { $0.split(separator: ":").first.map(String.init) })
    hosts[owner.name] = names.filter { !given.contains($0) }.map { "\($0):127.0.0.1" } + entries
  }

  private mutating func move(
    _ link: Located<Link>, of member: Service, to owner: Service, project: Project
  ) throws(ComposeError) {
    // The owner must start after the link's target then, which it can't if that waits for the owner.
    if project.dependencies.reaches(owner.name, from: link.value.target) {
      throw ComposeError(
        "the link to '\(link.value.target)' would belong to '\(owner.name)', whose network "
          + "'\(member.name)' lives in, but '\(link.value.target)' waits for '\(owner.name)' to start",
        at: link.position)
    }
    ownerLinks[owner.name, default: []].append(link)
  }
}

extension Project {
  /// Refuses services that wait for each other by way of `container:NAME`, which the loader doesn't follow.
  func checkOrder() throws(ComposeError) {
    let graph = dependencies
    for service in services.values {
      for (other, dependency) in service.dependencies
      where graph.reaches(service.name, from: other) {
        throw ComposeError(
          "service '\(service.name)' needs '\(other)', which waits for '\(service.name)' to start",
          at: dependency.position)
      }
    }
  }
}
