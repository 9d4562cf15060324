import DockerEngine
import PodIdentity

/// A pod as the engine's lists describe it: nothing was inspected.
package struct ListedPod: Sendable {
  /// Whose the objects are.
  package let identity: PodIdentity
  /// Its containers in any state, sorted by service, role and number.
  package internal(set) var containers: [ListedContainer] = []
  /// Its networks, sorted by name.
  package internal(set) var networks: [NetworkDetails] = []
  /// Its volumes, sorted by name; those that stay when their pod has ended are among them.
  package internal(set) var volumes: [VolumeDetails] = []

  /// Makes a pod without objects.
  ///
  /// - Parameter identity: whose they will be.
  package init(identity: PodIdentity) { self.identity = identity }

  /// The containers of services, without one-off containers and those that the executor runs for itself.
  package var services: [ListedContainer] { containers.filter { $0.role == .service } }

  /// Until when its stopped containers are kept after a failure, in seconds since 1970; nil where they aren't.
  package var keptUntil: Int64? { containers.map { KeptContainer($0.summary) }.keptUntil }

  /// The containers of one service, in the order of their numbers.
  ///
  /// - Parameter name: the service's key in the Compose file, or with `-N` behind it one of its containers.
  /// - Returns: its containers; empty where there is no such service.
  package func containers(of name: String) -> [ListedContainer] {
    let found = services.filter { $0.service == name }
    return found.isEmpty ? services.filter { $0.displayName == name } : found
  }
}

/// A container of a pod in a list.
package struct ListedContainer: Sendable {
  /// What a container is for.
  package enum Role: String, Sendable {
    case service
    /// A `pre_start` container, which runs before its service.
    case hook
    /// It holds the namespaces that the services share.
    case infra
    /// It holds the values of external secrets and configs.
    case secrets
  }

  /// What it is for.
  package let role: Role
  /// The service's key in the Compose file; empty on a container for secrets.
  package let service: String
  /// Its number within the service, from 1; nil where it has none.
  package let number: Int?
  /// The service's key, with `-N` behind it where the service has several containers.
  package internal(set) var displayName: String
  /// What the engine's list holds of it.
  package let summary: ContainerSummary

  /// The engine's ID.
  package var id: String { summary.id }

  /// Whether it has processes: it runs, or is paused.
  package var isUp: Bool { summary.state == "running" || summary.state == "paused" }

  /// Reads a container's labels.
  ///
  /// - Parameter summary: a container that bears a pod's labels.
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
  /// Lists pods with what the engine's lists hold of their objects: three requests, and one for each image that isn't known.
  ///
  /// Containers that inherited their labels from an image are left out, as are objects without the full set of labels.
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
      // A volume that stays doesn't make a pod.
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

  /// The pod with its objects in order, and containers of one service told apart by their numbers.
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
