import DockerEngine
import PodIdentity

/// What there is of a pod in an engine, by ID; volumes by name.
struct PodObjects: Sendable {
  var containers: [String] = []
  var networks: [String] = []
  var volumes: [String] = []

  var all: [(kind: String, id: String)] {
    containers.map { ("container", $0) } + networks.map { ("network", $0) }
      + volumes.map { ("volume", $0) }
  }
}

/// Lists the objects of one incarnation's pod: those that bear its whole identity. Run and task alone don't tell whose an
/// object is, as nothing keeps two executors from being given the same ones.
struct PodInventory: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity

  /// What a look found.
  struct Look: Sendable {
    /// What is the pod's.
    var objects = PodObjects()
    /// Whether another incarnation has something of the same run: the run's cgroup is its own, too.
    var hasOthers = false
  }

  /// Whether labels are those of this incarnation's pod.
  func owns(_ labels: [String: String]) -> Bool { PodIdentity(labels: labels) == identity }

  /// Whether the labels tell this incarnation from another of the same run and task. In a pid namespace of its own an
  /// executor knows neither pid nor start time; under Mesos the agent makes the run, and never the same twice.
  var isTold: Bool { identity.incarnation.pid != nil || !identity.agentID.isEmpty }

  /// Looks at the engine. Volumes that stay when their pod has ended are passed over.
  ///
  /// - Parameter known: what this process has created: where the labels don't tell, nothing else is its own.
  /// - Returns: what is the pod's, and whether another incarnation has something of the run.
  /// - Throws: `EngineError`.
  func look(known: PodObjects) async throws -> Look {
    let engine = engine
    // Another task's pod, and another incarnation's, may have the same run.
    let filters = ["label": ["\(PodLabel.run)=\(identity.run)"]]
    async let containers = engine.listContainers(all: true, filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    let made = Set(known.all.map(\.id))
    var look = Look()
    func takes(_ id: String, _ labels: [String: String]) -> Bool {
      guard let found = PodIdentity(labels: labels) else { return false }
      if found.incarnation != identity.incarnation { look.hasOthers = true }
      guard found == identity else { return false }
      if isTold || made.contains(id) { return true }
      look.hasOthers = true
      return false
    }
    for container in try await containers where takes(container.id, container.labels) {
      if made.contains(container.id) {
        look.objects.containers.append(container.id)
      } else if try await !isInherited(container) {
        look.objects.containers.append(container.id)
      }
    }
    for network in try await networks where takes(network.id, network.labels) {
      look.objects.networks.append(network.id)
    }
    for volume in try await volumes
    where volume.labels[PodLabel.keep] != "true" && takes(volume.name, volume.labels) {
      look.objects.volumes.append(volume.name)
    }
    return look
  }

  /// A container whose image carries the run inherited it by `docker commit`: it isn't ours. Where the image is gone, the
  /// container's cgroup parent tells: a commit doesn't copy that, and an executor always sets it.
  private func isInherited(_ container: ContainerSummary) async throws -> Bool {
    do {
      let image = try await engine.inspectImage(container.imageID)
      return image.config?.labels[PodLabel.run] == identity.run
    } catch let error as EngineError where error.isNotFound {
      do {
        let details = try await engine.inspectContainer(container.id)
        return details.hostConfig.cgroupParent != identity.engineParent
      } catch let error as EngineError where error.isNotFound {
        return true
      }
    }
  }

  /// Names the containers that keep a network or volume from being removed. The pod's own are to be gone.
  ///
  /// - Parameters:
  ///   - kind: `network` or `volume`.
  ///   - id: the object's ID or name.
  /// - Returns: their names; nil where there is none.
  func foreignHolders(of kind: String, _ id: String) async -> String? {
    var holders: [(id: String, name: String)] = []
    if kind == "network" {
      holders =
        (try? await engine.inspectNetwork(id))?.containers.map { ($0.key, $0.value.name) } ?? []
    } else if let users = try? await engine.listContainers(all: true, filters: ["volume": [id]]) {
      holders = users.map { user in
        (user.id, user.names.first.map { String($0.drop { $0 == "/" }) } ?? "")
      }
    }
    if holders.isEmpty { return nil }
    let names = holders.map { "'\($0.name)' (\($0.id.prefix(12)))" }.sorted()
    return "container\(names.count == 1 ? "" : "s") " + names.joined(separator: ", ")
  }
}
