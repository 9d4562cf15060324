import DockerEngine
import PodIdentity

/// Finds pods by their labels: containers in any state, networks, volumes.
actor EngineObserver {
  let engine: DockerEngine
  /// The run that an image's labels carry, by image ID: an image never changes.
  private var runOfImage: [String: String?] = [:]

  init(engine: DockerEngine) { self.engine = engine }

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
      if try await imageRun(summary.imageID) == identity.run {
        found.inherited.append(container)
      } else {
        found.pods[identity, default: ObservedPod(identity: identity)].containers.append(container)
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
    for volume in try await volumes {
      guard let identity = PodIdentity(labels: volume.labels) else {
        found.unlabelled.append("volume \(volume.name)")
        continue
      }
      found.pods[identity, default: ObservedPod(identity: identity)].volumes.append(volume.name)
    }
    return found
  }

  /// The run in an image's labels. `docker commit` copies a container's labels into the image, and a container made
  /// from it inherits them. An image that is gone can't be asked: its container is judged by its own labels.
  private func imageRun(_ image: String) async throws -> String? {
    if let known = runOfImage[image] { return known }
    let run: String?
    do {
      run = try await engine.inspectImage(image).config?.labels[PodLabel.run]
    } catch let error as EngineError where error.isNotFound {
      run = nil
    }
    if runOfImage.count > 4096 { runOfImage = [:] }
    runOfImage[image] = .some(run)
    return run
  }
}
