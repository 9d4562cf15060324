import DockerEngine
import PodIdentity

/// Finds pods by their labels: containers in any state, networks and volumes.
package actor PodInventory {
  /// The action for a container if neither its image nor the container itself can be inspected, so
  /// that nothing shows whether it inherited its labels.
  package enum Doubt: Sendable {
    /// The container counts as inherited and is left alone. pod-reaper uses this: one broken
    /// container must not block the removal of all other pods.
    case leaveAlone
    /// The observation fails if the container has this identity, and leaves containers with others
    /// alone. The executor uses this: it retries until its time limit, and then reports that
    /// objects of its pod may remain.
    case fail(PodIdentity)
  }

  package nonisolated let engine: DockerEngine
  private let doubt: Doubt
  private let progress: @Sendable () -> Void
  /// The run in an image's labels, by image ID: an image never changes.
  private var runOfImage: [String: String?] = [:]

  /// Prepares observations of one engine.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - doubt: the action for a container that can't be inspected.
  ///   - progress: called after each inspection.
  package init(
    engine: DockerEngine, doubt: Doubt, progress: @escaping @Sendable () -> Void = {}
  ) {
    self.engine = engine
    self.doubt = doubt
    self.progress = progress
  }

  /// Lists the engine's objects, except for volumes that are kept after their pod.
  ///
  /// - Parameters:
  ///   - run: only objects of this run; nil for all.
  ///   - made: IDs of containers that this process has created, which are not inspected: they are
  ///     its own even if their image has the run's label.
  /// - Returns: the pods that exist.
  /// - Throws: `EngineError`.
  package func observe(run: String? = nil, made: Set<String> = []) async throws -> Observation {
    let filters = ["label": [run.map { "\(PodLabel.run)=\($0)" } ?? PodLabel.run]]
    let engine = engine
    async let containers = engine.identifyContainers(filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    var found = Observation()
    let listed = try await containers
    let slow = await inspect(
      images: Set(listed.lazy.filter { !made.contains($0.id) }.map(\.imageID)))
    for summary in listed {
      let object = PodObject(.container, summary.id, name: summary.name)
      guard let identity = PodIdentity(labels: summary.labels) else {
        found.add(unlabeled: object)
        continue
      }
      let isSlow = leavesAlone && slow.contains(summary.imageID)
      if !made.contains(object.id),
        try await isInherited(object.id, summary.imageID, identity, isSlow: isSlow)
      {
        found.inherited.append(InheritedContainer(identity: identity, container: object))
      } else {
        found.add(object, of: identity, summary)
      }
    }
    for network in try await networks {
      found.add(PodObject(.network, network.id, name: network.name), network.labels)
    }
    for volume in try await volumes where volume.labels[PodLabel.keep] != "true" {
      let isSecret = volume.labels[PodLabel.secrets] == "true"
      found.add(PodObject(.volume, volume.name, isSecret: isSecret), volume.labels)
    }
    return found
  }

  /// Whether a container has its labels from its image: `docker commit` copies a container's labels
  /// into the image, and a container created from it inherits them. If the image is gone or can't
  /// be inspected, the container's cgroup parent decides: `docker commit` doesn't copy it, and an
  /// executor always sets it.
  ///
  /// - Parameters:
  ///   - id: the container's ID.
  ///   - image: its image's ID.
  ///   - identity: the identity that its labels describe.
  ///   - isSlow: whether the image has just not been inspected in time, and isn't inspected again.
  /// - Returns: whether it has its labels from its image.
  /// - Throws: `EngineError`.
  func isInherited(
    _ id: String, _ image: String, _ identity: PodIdentity, isSlow: Bool = false
  ) async throws -> Bool {
    if let known = runOfImage[image] { return known == identity.run }
    defer { progress() }
    if isSlow { return try await hasOtherParent(id, identity) }
    do {
      let run = try await engine.inspectImage(image).config?.labels[PodLabel.run]
      if runOfImage.count > 4096 { runOfImage = [:] }
      runOfImage[image] = .some(run)
      return run == identity.run
    } catch let error as EngineError where error.isRefusal {
      return try await hasOtherParent(id, identity)
    }
  }

  /// Inspects concurrently the images that `isInherited` would inspect one after the other. Images
  /// that can't be inspected are left to it.
  ///
  /// - Parameter images: IDs of images.
  /// - Returns: the images about which the engine didn't respond in time.
  @discardableResult
  func inspect(images: Set<String>) async -> Set<String> {
    let unknown = images.filter { runOfImage[$0] == nil }
    if unknown.isEmpty { return [] }
    if runOfImage.count > 4096 { runOfImage = [:] }
    let engine = engine
    let progress = progress
    @Sendable func read(_ image: String) async -> (String, Reading) {
      defer { progress() }
      do {
        return (image, .run(try await engine.inspectImage(image).config?.labels[PodLabel.run]))
      } catch {
        return (image, (error as? EngineError)?.kind == .timedOut ? .slow : .failed)
      }
    }
    return await withTaskGroup(of: (String, Reading).self, returning: Set<String>.self) { group in
      var slow: Set<String> = []
      var rest = unknown.makeIterator()
      for _ in 0..<Self.mostInspections {
        guard let image = rest.next() else { break }
        group.addTask { await read(image) }
      }
      while let (image, reading) = await group.next() {
        switch reading {
        case .run(let run): runOfImage[image] = .some(run)
        case .slow: slow.insert(image)
        case .failed: break
        }
        if let image = rest.next(), !Task.isCancelled { group.addTask { await read(image) } }
      }
      return slow
    }
  }

  /// The result of an image's inspection: the run in its labels, if any.
  private enum Reading: Sendable {
    case run(String?)
    case slow, failed
  }

  private var leavesAlone: Bool { if case .leaveAlone = doubt { true } else { false } }

  /// A limit, since more concurrent inspections block the engine.
  private static let mostInspections = 16

  private func hasOtherParent(_ id: String, _ identity: PodIdentity) async throws -> Bool {
    do {
      return try await engine.inspectContainer(id).hostConfig.cgroupParent != identity.engineParent
    } catch let error as EngineError where error.isRefusal {
      if !error.isNotFound, case .fail(identity) = doubt { throw error }
      return true  // It is gone, or its owner can't be determined.
    }
  }
}
