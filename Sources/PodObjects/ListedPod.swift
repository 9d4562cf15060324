import DockerEngine
import PodIdentity

/// A pod as the engine's lists describe it, without inspections.
package struct ListedPod: Sendable {
  /// The pod's identity.
  package let identity: PodIdentity
  /// Its containers in any state, sorted by service, role and number.
  package internal(set) var containers: [ListedContainer] = []
  /// Its networks, sorted by name.
  package internal(set) var networks: [NetworkDetails] = []
  /// Its volumes, sorted by name, including those that are kept after their pod.
  package internal(set) var volumes: [VolumeDetails] = []

  /// Creates a pod without objects.
  ///
  /// - Parameter identity: the pod's identity.
  package init(identity: PodIdentity) { self.identity = identity }

  /// The containers of services, without one-off containers and the executor's own.
  package var services: [ListedContainer] { containers.filter { $0.role == .service } }

  /// The end of the time for which its stopped containers are kept after a failure, in seconds
  /// since 1970; nil if they aren't.
  package var keptUntil: Int64? { containers.map { KeptContainer($0.summary) }.keptUntil }

  /// The containers of one service, in the order of their numbers.
  ///
  /// - Parameter name: the service's key in the Compose file, or that with `-N` as suffix for one
  ///   of its containers.
  /// - Returns: its containers; empty if there is no such service.
  package func containers(of name: String) -> [ListedContainer] {
    let found = services.filter { $0.service == name }
    return found.isEmpty ? services.filter { $0.displayName == name } : found
  }
}

/// A container of a pod in a list.
package struct ListedContainer: Sendable {
  /// The purpose of a container.
  package enum Role: String, Sendable {
    case service
    /// A `pre_start` container, which runs before its service.
    case hook
    /// It holds the namespaces that the services share.
    case infra
    /// It holds the values of external secrets and configs.
    case secrets
  }

  /// Its purpose.
  package let role: Role
  /// The service's key in the Compose file; empty on a container for secrets.
  package let service: String
  /// Its number within the service, from 1; nil if it has none.
  package let number: Int?
  /// The service's key, with the suffix `-N` if the service has several containers.
  package internal(set) var displayName: String
  /// The container in the engine's list.
  package let summary: ContainerSummary

  /// The engine's ID.
  package var id: String { summary.id }

  /// Whether it has processes: it is running or paused.
  package var isUp: Bool { summary.state == "running" || summary.state == "paused" }

  /// Reads a container's labels.
  ///
  /// - Parameter summary: a container with a pod's labels.
  package init(_ summary: ContainerSummary) {
    self.summary = summary
    service = summary.labels[PodLabel.composeService] ?? ""
    number = summary.labels[PodLabel.composeContainerNumber].flatMap { Int($0) }
    let isOneOff = summary.labels[PodLabel.composeOneOff] == "True"
    role =
      if !isOneOff { .service } else if service.isEmpty { .secrets } else {
        number == nil ? .hook : .infra
      }
    displayName = service.isEmpty ? summary.name : service
  }
}

extension PodInventory {
  /// Lists pods with their objects in the engine's lists: three requests, and one for each unknown
  /// image.
  ///
  /// Containers that inherited their labels from an image are omitted, as are objects without the
  /// full set of labels.
  ///
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `EngineError`.
  package func list() async throws -> [ListedPod] {
    let filters = ["label": [PodLabel.run]]
    let engine = engine
    async let containers = engine.listContainers(all: true, filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    var pods: [PodIdentity: ListedPod] = [:]
    let listed = try await containers
    await inspect(images: Set(listed.map(\.imageID)))
    for summary in listed {
      guard let identity = PodIdentity(labels: summary.labels),
        try await !isInherited(summary.id, summary.imageID, identity)
      else { continue }
      pods[identity, default: ListedPod(identity: identity)].containers
        .append(ListedContainer(summary))
    }
    for network in try await networks {
      guard let identity = PodIdentity(labels: network.labels) else { continue }
      pods[identity, default: ListedPod(identity: identity)].networks.append(network)
    }
    for volume in try await volumes {
      guard let identity = PodIdentity(labels: volume.labels) else { continue }
      // A volume that outlives its pod is no evidence of a pod.
      if volume.labels[PodLabel.keep] == "true", pods[identity] == nil { continue }
      pods[identity, default: ListedPod(identity: identity)].volumes.append(volume)
    }
    return pods.values.map { $0.sorted() }.sorted { $0.precedes($1) }
  }
}

extension ListedPod {
  /// The order of lists: by task, then by run.
  ///
  /// - Parameter other: another pod.
  /// - Returns: whether this one comes first.
  package func precedes(_ other: ListedPod) -> Bool {
    (identity.taskID, identity.run, identity.frameworkID)
      < (other.identity.taskID, other.identity.run, other.identity.frameworkID)
  }

  /// The pod with its objects sorted, and with numbers in the names of containers of one service.
  func sorted() -> ListedPod {
    var pod = self
    var counts: [String: Int] = [:]
    for container in services { counts[container.service, default: 0] += 1 }
    pod.containers = containers.map { container in
      var container = container
      if container.role == .service, counts[container.service, default: 0] > 1,
        let number = container.number
      {
        container.displayName = "\(container.service)-\(number)"
      }
      return container
    }.sorted {
      ($0.role == .service ? 0 : 1, $0.service, $0.number ?? 0, $0.id)
        < ($1.role == .service ? 0 : 1, $1.service, $1.number ?? 0, $1.id)
    }
    pod.networks.sort { $0.name < $1.name }
    pod.volumes.sort { $0.name < $1.name }
    return pod
  }
}
