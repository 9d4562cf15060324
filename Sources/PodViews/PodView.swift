import DockerEngine
import PodControl
import PodIdentity
import PodObjects

/// A pod as `ps` shows it: what the engine lists, joined with the executor's response and the kernel's figures.
package struct PodView: Sendable {
  /// What the engine lists of it; without objects while nothing is created yet.
  package let pod: ListedPod
  /// Whether the executor's process is alive.
  package let executor: ExecutorPresence
  /// The executor's response; nil where there is none.
  package let status: PodStatus?
  /// Why there is no response; nil where there is one, or the executor is dead.
  package var silence: String?
  /// What its cgroup uses; nil where that can't be read.
  package var figures: CgroupFigures?
  /// Processors in use, on average of the sample; nil where it isn't known.
  package var processors: Double?
  /// Its services' containers, in the order of their names.
  package var services: [ServiceView]

  /// Joins what is known.
  ///
  /// - Parameters:
  ///   - pod: what the engine lists.
  ///   - executor: whether the executor's process is alive.
  ///   - status: the executor's response.
  package init(pod: ListedPod, executor: ExecutorPresence, status: PodStatus?) {
    (self.pod, self.executor, self.status) = (pod, executor, status)
    var told = status?.services ?? []
    var services = pod.services.map { container in
      let index =
        told.firstIndex { $0.container == container.id }
        ?? told.firstIndex { $0.name == container.displayName }
      return ServiceView(container: container, told: index.map { told.remove(at: $0) })
    }
    let known = Set(pod.containers.map(\.id))
    // Those that aren't created yet; what the executor keeps for itself is none of its services.
    services += told.filter { $0.container.map { !known.contains($0) } ?? true }
      .map { ServiceView(container: nil, told: $0) }
    self.services = services.sorted { $0.name < $1.name }
    // Where services share a network, the container that holds it publishes their ports.
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

  /// Ports that are published for its services in common, and whose service isn't known.
  private var otherPorts: Set<PodPort> = []

  package var identity: PodIdentity { pod.identity }

  /// The executor's state, or what follows from the lack of one.
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

  /// How many of its containers run.
  package var up: Int { services.count(where: \.isUp) }

  /// How often its containers were started again, in all; nil where only the executor knows.
  package var restarts: Int? {
    status?.services.reduce(0) { sum, service in
      let (sum, overflows) = sum.addingReportingOverflow(max(0, service.restarts))
      return overflows ? .max : sum
    }
  }

  /// The task's processors: its executor's response, else the quota of its cgroup; nil without a limit.
  package var processorLimit: Double? { status?.cpus ?? figures?.quota }

  /// The task's memory in bytes: its executor's response, else the limit of its cgroup; nil without a limit.
  package var memoryLimit: Int64? { status?.memory ?? figures?.memoryLimit }

  /// When it began, in seconds since 1970: its oldest container; nil where it has none.
  package var created: Int64? {
    pod.containers.map(\.summary.created).filter { $0 > 0 }.min()
  }

  /// Published ports, each once.
  package var ports: [PodPort] { otherPorts.union(services.flatMap(\.ports)).sorted() }
}

/// A container of a service as `ps` shows it.
package struct ServiceView: Sendable {
  /// The service, with `-N` behind it where it has several containers.
  package let name: String
  /// What the engine lists; nil before it is created, or after it is gone.
  package let container: ListedContainer?
  /// The executor's response; nil where there is none.
  package let told: PodStatus.Service?
  /// What its cgroup uses; nil where that can't be read.
  package var figures: CgroupFigures?
  /// Processors in use, on average of the sample.
  package var processors: Double?

  init(container: ListedContainer?, told: PodStatus.Service?) {
    (self.container, self.told) = (container, told)
    name = container?.displayName ?? told?.name ?? ""
  }

  /// The engine's ID, where it is created.
  package var id: String? { container?.id ?? told?.container }

  /// The executor's name for it while the executor starts, stops or plans it, else the engine's state.
  package var state: String {
    // An executor knows of no pause.
    let isPaused = container?.summary.state == "paused"
    if isPaused, told?.state ?? "running" == "running" { return "paused" }
    return told?.state ?? container?.summary.state ?? "unknown"
  }

  /// Whether its process runs.
  package var isUp: Bool { container?.isUp ?? false }

  /// `starting`, `healthy` or `unhealthy`; nil without a health check, or while it doesn't run.
  package var health: String? {
    // The engine's is of this moment.
    container.map { ContainerStatus($0.summary.status).health } ?? told?.health
  }

  /// Its last exit code; nil where it has never exited, or runs.
  package var exitCode: Int? {
    if isUp { return nil }
    return container.flatMap { ContainerStatus($0.summary.status).exitCode } ?? told?.exitCode
  }

  /// Ports that another container publishes for it.
  fileprivate var heldPorts: Set<PodPort> = []

  /// Published ports.
  package var ports: Set<PodPort> {
    heldPorts.union(container.map { PodPort.published(by: $0) } ?? [])
  }
}

/// A published port.
package struct PodPort: Sendable, Hashable, Comparable {
  /// The port of the host.
  package let host: Int
  /// The port in the container.
  package let container: Int
  /// `tcp`, `udp` or `sctp`.
  package let protocolName: String
  package static func < (left: PodPort, right: PodPort) -> Bool {
    (left.host, left.container, left.protocolName)
      < (right.host, right.container, right.protocolName)
  }

  /// The ports that a container publishes, whatever the addresses.
  static func published(by container: ListedContainer) -> [PodPort] {
    container.summary.ports.compactMap { port in
      port.host.map {
        PodPort(host: $0, container: port.container, protocolName: port.protocolName)
      }
    }
  }

  /// Such as `31000->80`, with `/udp` for what isn't TCP.
  package var text: String {
    "\(host)->\(container)" + (protocolName == "tcp" ? "" : "/\(protocolName)")
  }
}

extension PodView {
  /// What it waits for, why it stops, or why its state isn't known; empty otherwise.
  package var message: String {
    if let status { return status.message }
    if let until = pod.keptUntil {
      return "it has failed, and is kept until \(timeText(until) ?? "")"
    }
    switch executor {
    case .dead: return "its executor's process has ended"
    case .unknown(let why): return why
    case .alive: return silence ?? ""
    }
  }
}
