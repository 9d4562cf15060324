import DockerEngine
import PodIdentity

/// Finds pods by their labels: containers in any state, networks, volumes.
actor EngineObserver {
  let engine: DockerEngine
  let progress: PassHeartbeat
  /// The run that an image's labels carry, by image ID: an image never changes.
  private var runOfImage: [String: String?] = [:]

  init(engine: DockerEngine, progress: PassHeartbeat) {
    self.engine = engine
    self.progress = progress
  }

  /// Looks at the engine.
  ///
  /// - Parameter run: only objects of this run; nil for all.
  /// - Returns: what there is.
  /// - Throws: `EngineError`.
  func look(run: String? = nil) async throws -> Observation {
    let label = run.map { "\(PodLabel.run)=\($0)" } ?? PodLabel.run
    let filters = ["label": [label]]
    let engine = engine
    async let containers = engine.listContainers(all: true, filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    var found = Observation()
    for summary in try await containers {
      let name = summary.names.first.map { String($0.drop { $0 == "/" }) } ?? ""
      let container = ObservedContainer(id: summary.id, name: name, state: summary.state)
      guard let identity = PodIdentity(labels: summary.labels) else {
        found.unlabelled.append("container \(name)")
        continue
      }
      if try await isInherited(summary, identity) {
        found.inherited.append(container)
      } else {
        found.pods[identity, default: ObservedPod(identity: identity)]
          .add(container, images: summary.labels[PodLabel.removeImages])
      }
    }
    for network in try await networks {
      guard let identity = PodIdentity(labels: network.labels) else {
        found.unlabelled.append("network \(network.name)")
        continue
      }
      found.pods[identity, default: ObservedPod(identity: identity)].networks
        .append(ObservedNetwork(id: network.id, name: network.name))
    }
    // One that its pod's task wants kept stays, whoever ends the pod.
    for volume in try await volumes where volume.labels[PodLabel.keep] != "true" {
      guard let identity = PodIdentity(labels: volume.labels) else {
        found.unlabelled.append("volume \(volume.name)")
        continue
      }
      found.pods[identity, default: ObservedPod(identity: identity)].volumes.append(volume.name)
    }
    return found
  }

  /// Whether a container has its labels from its image: `docker commit` copies a container's labels
  /// into the image, and a container made from it inherits them. Where the image is gone or can't
  /// be asked, the container's cgroup parent tells: Docker's commit doesn't copy that, and an
  /// executor always sets it. One broken image or container must not hold up all others.
  private func isInherited(
    _ container: ContainerSummary, _ identity: PodIdentity
  ) async throws -> Bool {
    let image = container.imageID
    if let known = runOfImage[image] { return known == identity.run }
    defer { progress.step() }
    do {
      let run = try await engine.inspectImage(image).config?.labels[PodLabel.run]
      if runOfImage.count > 4096 { runOfImage = [:] }
      runOfImage[image] = .some(run)
      return run == identity.run
    } catch let error as EngineError where error.isRefusal {
      return try await hasOtherParent(container.id, identity)
    }
  }

  private func hasOtherParent(_ id: String, _ identity: PodIdentity) async throws -> Bool {
    do {
      return try await engine.inspectContainer(id).hostConfig.cgroupParent != identity.engineParent
    } catch let error as EngineError where error.isRefusal {
      // It is gone, and nothing is left to judge, or nothing can be told: then it is left alone.
      return true
    }
  }
}

extension EngineError {
  /// Whether the engine answered, and not what was asked.
  var isRefusal: Bool {
    if case .status = kind { true } else { kind == .malformed }
  }
}
