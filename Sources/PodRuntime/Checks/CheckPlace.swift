import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// Where a check of the task finds a port of its pod.
public enum CheckPlace: Sendable, Equatable {
  /// On the host's loopback.
  case host
  /// At one of a container's addresses, in this order.
  case addresses([String])
  /// Nowhere: why.
  case none(String)
}

extension PodOptions {
  /// What `check-service` says for commands on the host, in the sandbox: no service can be called so.
  public static let sandboxChecks = "/sandbox"
}

extension PodRequest {
  /// Refuses a `check-service` that names no service of the file.
  ///
  /// - Throws: `ComposeError`.
  func checkServiceOfChecks() throws(ComposeError) {
    guard let name = options.checkService, name != PodOptions.sandboxChecks,
      project.services[name] == nil
    else { return }
    throw ComposeError(
      "pod.check_service names '\(name)', which is no service of the file",
      at: project.servicesPosition
        ?? SourcePosition(file: project.files.first ?? "", line: 1, column: 1))
  }
}

extension Pod {
  /// Whether the commands of the task's checks run in the sandbox.
  public var checksInSandbox: Bool { request.options.checkService == PodOptions.sandboxChecks }

  /// Where a check finds a port: a published host port is the host's, any other one the port of a container.
  ///
  /// - Parameters:
  ///   - port: the port that the check names.
  ///   - isIPv6: whether it asks for IPv6.
  /// - Returns: the place; nil while the engine is away, which says nothing of the pod.
  public func place(ofPort port: UInt16, isIPv6: Bool) async -> CheckPlace? {
    if publishedPorts.contains(where: { $0.host.number == port }) { return .host }
    guard let service = checkService(listeningOn: port), let member = checkMember(of: service)
    else { return .host }
    return await place(of: member, isIPv6: isIPv6)
  }

  /// The service whose container a check's commands run in.
  ///
  /// - Parameter port: the port that a check of another kind names, if it is one of a container.
  /// - Returns: what `check-service` names, else who listens on the port, the only service, the first one that publishes a port,
  ///   or the first main service.
  func checkService(listeningOn port: UInt16? = nil) -> String? {
    if let named = request.options.checkService, named != PodOptions.sandboxChecks { return named }
    let services = request.project.services.values.filter { $0.containers > 0 }
    if let port {
      let listening = services.first { service in
        service.ports.contains { $0.container.number == port && $0.container.transport == .tcp }
          || service.expose.contains { $0.number == port && $0.transport == .tcp }
      }
      if let listening { return listening.name }
    }
    let lasting = services.filter { ![.initial, .final].contains(request.roles[$0.name]) }
    if lasting.count == 1 { return lasting[0].name }
    let mains = lasting.filter { request.roles[$0.name] == .main }
    return (lasting.first { !$0.ports.isEmpty } ?? mains.first ?? lasting.first)?.name
  }

  /// The container of a service that is checked: the first that runs, else the first.
  func checkMember(of service: String) -> Member? {
    let own = members.values.filter { $0.plan.service.name == service && !$0.plan.isInfra }
      .sorted { $0.index < $1.index }
    return own.first { $0.state == .running } ?? own.first
  }

  private func place(of member: Member, isIPv6: Bool) async -> CheckPlace? {
    let title = member.plan.title
    var owner = member
    // Its network may be another's, and that one's a third one's.
    for _ in 0..<members.count {
      let key = owner.plan.references.lazy.compactMap { reference -> String? in
        if case .network(let key) = reference { key } else { nil }
      }.first
      guard let key, let next = members[key] else { break }
      owner = next
    }
    var id = owner.liveContainer
    switch owner.plan.create.hostConfig?.networkMode {
    case "host": return .host
    case "none": return .none("\(title) has no network")
    case let mode? where mode.hasPrefix("container:"): id = String(mode.dropFirst(10))
    default: break
    }
    guard let id else { return .none("\(title) isn't running") }
    guard engine.endpoint.isLocal else {
      return .none("\(title) is on another host, and doesn't publish the port")
    }
    do {
      let networks = try await engine.inspectContainer(id).networkSettings.networks
      let addresses = networks.sorted { $0.key < $1.key }.map {
        isIPv6 ? $0.value.ipv6Address : $0.value.ipAddress
      }.filter { !$0.isEmpty }
      if addresses.isEmpty {
        return .none("\(title) has no IPv\(isIPv6 ? 6 : 4) address")
      }
      return .addresses(addresses)
    } catch let error as EngineError {
      guard case .status = error.kind else { return nil }
      return .none("\(title) isn't running")
    } catch {
      return nil
    }
  }
}
