import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// The location at which a check of the task reaches a port of its pod.
package enum CheckLocation: Sendable, Equatable {
  /// The host's loopback interface.
  case host
  /// One of a container's addresses, in the order in which to try them.
  case addresses([String])
  /// No location, and the reason.
  case none(String)
}

extension PodOptions {
  /// The value of `check-service` that runs the commands on the host, in the sandbox. No service
  /// can have this name.
  package static let sandboxChecks = "/sandbox"
}

extension PodRequest {
  /// Refuses a `check-service` that is not a service of the file.
  ///
  /// - Throws: `DiagnosticError`.
  func checkServiceOfChecks() throws(DiagnosticError) {
    guard let name = options.checkService, name != PodOptions.sandboxChecks,
      project.services[name] == nil
    else { return }
    throw DiagnosticError(
      "pod.check_service names '\(name)', which isn't a service of the file",
      at: project.servicesPosition
        ?? SourcePosition(file: project.files.first ?? "", line: 1, column: 1))
  }
}

extension Pod {
  /// Whether the commands of the task's checks run in the sandbox.
  package var checksInSandbox: Bool { request.options.checkService == PodOptions.sandboxChecks }

  /// The location of a checked port: the host for a published host port, a container for any other
  /// port.
  ///
  /// - Parameters:
  ///   - port: the port in the check.
  ///   - isIPv6: whether the check requires IPv6.
  /// - Returns: the location; nil while the engine is unreachable, which is no evidence about the
  ///   pod.
  package func location(ofPort port: UInt16, isIPv6: Bool) async -> CheckLocation? {
    if publishedPorts.contains(where: { $0.host.number == port }) { return .host }
    guard let service = checkService(listeningOn: port), let member = checkMember(of: service)
    else { return .host }
    return await location(of: member, isIPv6: isIPv6)
  }

  /// The service in whose container a check's commands run.
  ///
  /// - Parameter port: the port of a check of another kind, if it is a container's port.
  /// - Returns: the service in `check-service`; else the one that listens on the port, the only
  ///   service, the first one that publishes a port, or the first main service.
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

  /// The container of a service to check: the first one that is running, else the first one.
  func checkMember(of service: String) -> PodContainer? {
    let own = members.values.filter { $0.plan.service.name == service && !$0.plan.isInfra }
      .sorted { $0.index < $1.index }
    return own.first { $0.state == .running } ?? own.first
  }

  private func location(of member: PodContainer, isIPv6: Bool) async -> CheckLocation? {
    let title = member.plan.title
    var owner = member
    // The container may share another container's network, which may itself be shared.
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
