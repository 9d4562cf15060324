import DockerEngine
import PodControl
import PodIdentity
import PodObjects

/// A pod in `ps`: its objects in the engine, combined with the executor's response and the kernel's
/// usage data.
package struct PodView: Sendable {
  /// The pod in the engine's lists; it has no objects while none is created.
  package let pod: ListedPod
  /// Whether the executor's process is alive.
  package let executor: ExecutorPresence
  /// The executor's response; nil where there is none.
  package let status: PodStatus?
  /// Why there is no response; nil where there is one, or the executor is dead.
  package var silence: String?
  /// The usage of its cgroup; nil where that can't be read.
  package var figures: CgroupFigures?
  /// Used CPUs, averaged between two samples; nil where unknown.
  package var processors: Double?
  /// The containers of its services, in the order of their names.
  package var services: [ServiceView]

  /// Combines the sources.
  ///
  /// - Parameters:
  ///   - pod: the pod in the engine's lists.
  ///   - executor: whether the executor's process is alive.
  ///   - status: the executor's response.
  package init(pod: ListedPod, executor: ExecutorPresence, status: PodStatus?) {
    (self.pod, self.executor, self.status) = (pod, executor, status)
    var reported = status?.services ?? []
    var services = pod.services.map { container in
      let index =
        reported.firstIndex { $0.container == container.id }
        ?? reported.firstIndex { $0.name == container.displayName }
      return ServiceView(container: container, reported: index.map { reported.remove(at: $0) })
    }
    let known = Set(pod.containers.map(\.id))
    // Services that have no container yet. Other containers of the executor are not services.
    services += reported.filter { $0.container.map { !known.contains($0) } ?? true }
      .map { ServiceView(container: nil, reported: $0) }
    self.services = services.sorted { $0.name < $1.name }
    // Where services share a network, the infrastructure container publishes their ports.
    let held = pod.containers.filter { $0.role == .infra }.flatMap { PodPort.published(by: $0) }
    for port in held {
      let owner = status?.ports.first {
        $0.host == port.host && $0.protocolName == port.protocolName
      }?.service
      let index = self.services.firstIndex {
        $0.name == owner || $0.container?.service == owner && owner != nil
      }
      if let index { self.services[index].heldPorts.insert(port) } else { otherPorts.insert(port) }
    }
  }

  /// Ports published for the services in common, where the service is unknown.
  private var otherPorts: Set<PodPort> = []

  package var identity: PodIdentity { pod.identity }

  /// The state that the executor reports, or one that follows from a missing response.
  package var state: PodState {
    if let state = status?.state.rawValue { return PodState(rawValue: state) ?? .unknown }
    if pod.keptUntil != nil { return .kept }
    switch executor {
    case .dead: return .orphaned
    case .unknown: return .unknown
    case .alive:
      if services.contains(where: { $0.health == "unhealthy" }) { return .unhealthy }
      return services.contains(where: \.isUp) ? .running : .unknown
    }
  }

  /// The number of running containers.
  package var up: Int { services.count(where: \.isUp) }

  /// The number of restarts of all containers; nil without the executor's response.
  package var restarts: Int? {
    status?.services.reduce(0) { sum, service in
      let (sum, overflows) = sum.addingReportingOverflow(max(0, service.restarts))
      return overflows ? .max : sum
    }
  }

  /// The task's CPUs: from the executor's response, else the quota of its cgroup; nil without a
  /// limit.
  package var processorLimit: Double? { status?.cpus ?? figures?.quota }

  /// The task's memory in bytes: from the executor's response, else the limit of its cgroup; nil
  /// without a limit.
  package var memoryLimit: Int64? { status?.memory ?? figures?.memoryLimit }

  /// The creation time of the oldest container, in seconds since 1970; nil without containers.
  package var created: Int64? {
    pod.containers.map(\.summary.created).filter { $0 > 0 }.min()
  }

  /// The published ports without duplicates.
  package var ports: [PodPort] { otherPorts.union(services.flatMap(\.ports)).sorted() }
}

/// A container of a service in `ps`.
package struct ServiceView: Sendable {
  /// The service, with `-N` after it where it has several containers.
  package let name: String
  /// The container in the engine's list; nil before it is created and after it is removed.
  package let container: ListedContainer?
  /// The executor's response; nil where there is none.
  package let reported: PodStatus.Service?
  /// The usage of its cgroup; nil where that can't be read.
  package var figures: CgroupFigures?
  /// Used CPUs, averaged between two samples.
  package var processors: Double?

  init(container: ListedContainer?, reported: PodStatus.Service?) {
    (self.container, self.reported) = (container, reported)
    name = container?.displayName ?? reported?.name ?? ""
  }

  /// The engine's container ID; nil before the container is created.
  package var id: String? { container?.id ?? reported?.container }

  /// The state that the executor reports, else the engine's state.
  package var state: String {
    // An executor does not report that a container is paused.
    let isPaused = container?.summary.state == "paused"
    if isPaused, reported?.state ?? "running" == "running" { return "paused" }
    return reported?.state ?? container?.summary.state ?? "unknown"
  }

  /// Whether the container runs.
  package var isUp: Bool { container?.isUp ?? false }

  /// `starting`, `healthy` or `unhealthy`; nil without a health check, or while the container
  /// doesn't run.
  package var health: String? {
    // The engine's value is more recent.
    container.map { ContainerStatus($0.summary.status).health } ?? reported?.health
  }

  /// The last exit code; nil where the container has never exited, or runs.
  package var exitCode: Int? {
    if isUp { return nil }
    return container.flatMap { ContainerStatus($0.summary.status).exitCode } ?? reported?.exitCode
  }

  /// Ports that another container publishes for this service.
  fileprivate var heldPorts: Set<PodPort> = []

  /// The published ports.
  package var ports: Set<PodPort> {
    heldPorts.union(container.map { PodPort.published(by: $0) } ?? [])
  }
}

/// A published port.
package struct PodPort: Sendable, Hashable, Comparable {
  /// The host's port.
  package let host: Int
  /// The container's port.
  package let container: Int
  /// `tcp`, `udp` or `sctp`.
  package let protocolName: String
  package static func < (left: PodPort, right: PodPort) -> Bool {
    (left.host, left.container, left.protocolName)
      < (right.host, right.container, right.protocolName)
  }

  /// The ports that a container publishes, without their addresses.
  static func published(by container: ListedContainer) -> [PodPort] {
    container.summary.ports.compactMap { port in
      port.host.map {
        PodPort(host: $0, container: port.container, protocolName: port.protocolName)
      }
    }
  }

  /// For example `31000->80`, with a suffix such as `/udp` for other protocols than TCP.
  package var text: String {
    "\(host)->\(container)" + (protocolName == "tcp" ? "" : "/\(protocolName)")
  }
}

extension PodView {
  /// What the pod waits for, why it stops, or why its state is unknown; else empty.
  package var message: String {
    if let status { return status.message }
    if let until = pod.keptUntil {
      return "it has failed, and is kept until \(timeText(until) ?? "")"
    }
    switch executor {
    case .dead: return "its executor's process has exited"
    case .unknown(let why): return why
    case .alive: return silence ?? ""
    }
  }
}
