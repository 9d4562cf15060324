import Compose
import OrderedCollections
import PodControl

extension Pod {
  /// The pod's status, from the state of this actor without a request to the engine.
  ///
  /// - Returns: the status.
  package func status() -> PodStatus {
    let (state, message) = stateAndMessage
    return PodStatus(
      task: request.taskID, run: request.run, state: state, message: message,
      cpus: request.limits?.cpus, memory: request.limits?.memory,
      sandbox: request.frameworkID.isEmpty ? nil : request.sandbox,
      services: services, ports: ports,
      framework: request.frameworkID.isEmpty ? nil : request.frameworkID,
      executor: request.executorID)
  }

  private var stateAndMessage: (PodStatus.State, String) {
    if let outcome { return (.stopping, outcome.message) }
    if isFailing { return (.stopping, "the cause of a failure is being determined") }
    if !hasComeUp { return (.launching, launchWaits) }
    let unhealthy = members.values.filter { $0.health == .unhealthy && $0.isAlive }
      .sorted { $0.index < $1.index }.map { "'\($0.name)'" }
    if !unhealthy.isEmpty { return (.unhealthy, unhealthy.joined(separator: ", ")) }
    return (.running, restartedService.map { "service '\($0)' is being restarted" } ?? "")
  }

  private var services: [PodStatus.Service] {
    if members.isEmpty {
      return request.project.services.values.flatMap { service in
        // A file with more containers is about to be refused.
        (1..<(min(service.containers, PodPlanner.mostContainers) + 1)).map { number in
          PodStatus.Service(
            name: service.containers > 1 ? "\(service.name)-\(number)" : service.name,
            container: nil, state: PodContainerState.planned.word, health: nil, restarts: 0,
            exitCode: nil, role: roleWord(of: service.name))
        }
      }
    }
    return members.values.filter { !$0.plan.isInfra }.sorted { $0.index < $1.index }.map { member in
      PodStatus.Service(
        name: member.plan.label, container: member.container ?? member.lastContainer,
        state: member.state.word, health: member.health.word, restarts: member.restarts,
        exitCode: member.exitCode ?? member.run.exit?.code,
        role: roleWord(of: member.plan.service.name))
    }
  }

  private func roleWord(of service: String) -> String? {
    request.roles.isExplicit ? request.roles[service].rawValue : nil
  }

  private var ports: [PodStatus.Port] {
    let known =
      publishedPorts.isEmpty ? (plan?.containers ?? []).flatMap(\.ports) : publishedPorts
    return known.compactMap { assigned in
      assigned.host.number.map {
        PodStatus.Port(
          service: assigned.service, container: Int(assigned.port.container.number), host: Int($0),
          protocolName: assigned.port.container.transport.rawValue)
      }
    }
  }

  /// Upper bound of the time from a stop request until all objects of the pod are removed.
  ///
  /// - Parameter grace: the grace period of the stop request; nil for the pod's own.
  /// - Returns: the grace period, the time for the removal, and the time for the last hooks.
  package func timeToEnd(grace: Duration?) -> Duration {
    (grace ?? stopGrace) + (cleanupLimit ?? request.timeouts.cleanup) + .seconds(30)
  }
}

extension PodContainerState {
  /// Its name in a pod's status.
  var word: String {
    switch self {
    case .planned: "planned"
    case .created: "created"
    case .starting: "starting"
    case .running: "running"
    case .exiting: "exiting"
    case .stopping: "stopping"
    case .restarting: "restarting"
    case .ended: "exited"
    }
  }
}

extension PodContainer.Health {
  fileprivate var word: String? {
    switch self {
    case .none: nil
    case .starting: "starting"
    case .healthy: "healthy"
    case .unhealthy: "unhealthy"
    }
  }
}
