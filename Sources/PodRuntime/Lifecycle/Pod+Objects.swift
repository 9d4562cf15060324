import Concurrency
import Compose
import DockerEngine
import Logging
import PodControl
import PodIdentity
import PodObjects
import YAML

extension Pod {
  /// Creates the pod's networks and volumes, and checks that external ones exist.
  func createNetworksAndVolumes(of plan: PodPlan) async throws {
    let engine = engine
    if engine.endpoint.isLocal {
      for network in plan.networks { try plan.networkSources[network.name]?.checkBridge() }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for network in plan.networks {
        group.addTask { try await self.createNetwork(network, of: plan) }
      }
      for volume in plan.volumes {
        group.addTask { try await self.createVolume(volume, of: plan) }
      }
      if let network = plan.options.sharedNetwork, network != "bridge" {
        group.addTask {
          try await self.persistently { _ in
            do {
              _ = try await engine.inspectNetwork(network)
            } catch let error as EngineError where error.isNotFound {
              throw LaunchFailure(
                description: "the network '\(network)' of pod.network doesn't exist on this host")
            }
          }
        }
      }
      for network in plan.externalNetworks {
        group.addTask {
          try await self.find("network", network) { _ = try await engine.inspectNetwork($0) }
        }
      }
      for volume in plan.externalVolumes {
        group.addTask {
          try await self.find("volume", volume) { _ = try await engine.inspectVolume($0) }
        }
      }
      // Unlike `waitForAll`, this cancels the others after the first error.
      for try await _ in group {}
    }
  }

  private func createNetwork(_ network: NetworkCreate, of plan: PodPlan) async throws {
    let engine = engine
    try checkPolicy { (check) throws(DiagnosticError) in
      try check.check(network, of: plan.networkSources[network.name])
    }
    do {
      let id = try await persistently { pod in
        do {
          return try await withoutCancellation { try await engine.createNetwork(network) }
        } catch let error as EngineError where error.isConflict {
          // An earlier request may have been carried out although its response was lost.
          guard let found = try? await engine.inspectNetwork(network.name) else { throw error }
          try pod.checkOwner(of: found.labels, of: plan, "network \(network.name)")
          return found.id
        }
      }
      created.append(PodObject(.network, id))
      history.record(.networkCreated, subject: network.name)
    } catch let error as EngineError {
      throw plan.explainNetwork(network.name, error)
    }
  }

  func createVolume(_ volume: VolumeCreate, of plan: PodPlan) async throws {
    let name = volume.name ?? ""
    let engine = engine
    try checkPolicy { (check) throws(DiagnosticError) in
      let checked = try check.checked(volume, of: plan.volumeSources[name])
      guard checked == volume else {
        throw DiagnosticError(
          "volume '\(name)': its device leads to another path than when it was checked",
          at: plan.volumeSources[name]?.position)
      }
    }
    do {
      let volume = try pinned(try foundByEngine(volume))
      // The engine returns the existing volume if there is one of that name.
      let made = try await persistently { _ in
        try await withoutCancellation { try await engine.createVolume(volume) }
      }
      try checkOwner(of: made.labels, of: plan, "volume \(name)")
      created.append(PodObject(.volume, made.name))
      history.record(.volumeCreated, subject: made.name)
    } catch let error as EngineError {
      throw plan.explainVolume(name, error)
    }
  }

  /// Refuses an object that another process created for the same run: it belongs to that process,
  /// and pod-reaper removes it.
  private func checkOwner(
    of labels: [String: String], of plan: PodPlan, _ object: String
  ) throws(LaunchFailure) {
    guard let owner = PodIdentity(labels: labels) else {
      throw LaunchFailure(
        description: "\(object) exists already, and it doesn't belong to this pod")
    }
    if owner == plan.identity { return }
    let process = owner.incarnation.pid.map { "process \($0)" } ?? "another process"
    throw LaunchFailure(
      description:
        "\(object) exists already: \(process) created it for run \(owner.run). pod-reaper removes it when that "
        + "process has exited")
  }

  private func find(
    _ kind: String, _ name: Located<String>,
    _ inspect: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    do {
      try await persistently { _ in try await inspect(name.value) }
    } catch let error as EngineError where error.isNotFound {
      throw DiagnosticError(
        "external \(kind) '\(name.value)' doesn't exist: create it, or remove `external`",
        at: name.position)
    }
  }

  // MARK: Objects that vanished

  /// Recreates those of the pod's networks that another client removed.
  ///
  /// - Throws: `LaunchFailure`.
  func restoreNetworks() async throws {
    if let networkRepair { return try await networkRepair.value }
    let repair = Task {
      guard let plan = self.plan else { return }
      for network in plan.networks {
        do {
          let name = network.name
          _ = try await self.persistently { try await $0.engine.inspectNetwork(name) }
        } catch let error as EngineError where error.isNotFound {
          self.log.warning("network \(network.name) was removed by someone else: creating it again")
          try await self.createNetwork(network, of: plan)
        }
      }
    }
    networkRepair = repair
    defer { networkRepair = nil }
    try await repair.value
  }

  /// Whether an error names one of the pod's own networks.
  func isOwnNetwork(in error: EngineError) -> Bool {
    let names = (plan?.networks.map(\.name) ?? []) + created.of(.network).map(\.id)
    return names.contains { error.message.contains($0) }
  }

  /// Removes duplicates of a network: a create that was repeated because its response was lost may
  /// have been carried out twice. The known network is kept.
  ///
  /// - Parameter error: the engine's error about an ambiguous name.
  /// - Returns: whether duplicates were removed.
  /// - Throws: `EngineError`.
  func removesDoubles(of error: EngineError) async throws -> Bool {
    guard
      let name = plan?.networks.map(\.name).first(where: {
        error.message.contains("network \($0) is ambiguous")
      })
    else { return false }
    let found = try await engine.listNetworks(filters: ["label": labelFilter])
      .filter { $0.name == name }
    let known = Set(created.of(.network).map(\.id))
    let own = found.first { known.contains($0.id) } ?? found.first
    var isLess = false
    for other in found where other.id != own?.id {
      do {
        try await engine.removeNetwork(other.id)
        isLess = true
      } catch let error as EngineError where error.isNotFound || error.isRefusal {
        log.debug("a second network \(name) is not removed: \(error.message)")
      }
    }
    return isLess
  }

  /// Checks that a container's named volumes are still those that were created for the pod. When
  /// Docker creates a container whose volume is missing, it creates the volume without labels.
  ///
  /// - Returns: false if a volume had vanished. The container must then be discarded and created
  ///   again.
  func hasOwnVolumes(_ container: ContainerPlan) async throws -> Bool {
    guard let plan else { return true }
    for volume in plan.volumes {
      guard let name = volume.name, container.uses(volume: name) else { continue }
      let found = try await persistently { try await $0.engine.inspectVolume(name) }
      guard PodIdentity(labels: found.labels) == nil else {
        try checkOwner(of: found.labels, of: plan, "volume \(name)")
        continue
      }
      return false
    }
    return true
  }

  /// Recreates the volumes that another client removed, including those that Docker has replaced by
  /// volumes without labels.
  ///
  /// - Throws: `LaunchFailure`, `EngineError`; `CancellationError`.
  func restoreVolumes(of container: ContainerPlan) async throws {
    guard let plan else { return }
    // Several containers may use the same missing volume.
    try await launchWait { !self.isRestoringVolumes }
    isRestoringVolumes = true
    defer {
      isRestoringVolumes = false
      changes.notifyAll()
    }
    for volume in plan.volumes {
      guard let name = volume.name, container.uses(volume: name) else { continue }
      let engine = engine
      var found: VolumeDetails?
      do {
        found = try await persistently { _ in try await engine.inspectVolume(name) }
        if found.map({ PodIdentity(labels: $0.labels) != nil }) == true { continue }
      } catch let error as EngineError where error.isNotFound {
        found = nil
      }
      log.warning("volume \(name) was removed by someone else: creating it again")
      if found != nil { try await removeUnlabeled(name) }
      try await createVolume(volume, of: plan)
      if let taskFile = plan.taskFile, taskFile.volume == name {
        try await deliver(taskFile, of: plan)
      }
    }
  }

  /// Removes a volume that Docker created for the pod's containers, after all of them are
  /// discarded.
  private func removeUnlabeled(_ name: String) async throws {
    let engine = engine
    for attempt in 1... {
      do {
        try await withoutCancellation { try await engine.removeVolume(name, force: false) }
        return
      } catch let error as EngineError where error.isNotFound {
        return
      } catch let error as EngineError where error.isConflict && attempt < 20 {
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}

extension ContainerPlan {
  /// Whether it mounts a named volume.
  func uses(volume name: String) -> Bool {
    let host = create.hostConfig
    return host?.binds?.contains { $0.hasPrefix(name + ":") } == true
      || host?.mounts?.contains { $0.type == "volume" && $0.source == name } == true
  }
}
