import Cgroups
import DockerEngine
import Logging
import PodIdentity
import Synchronization
import SystemPackage

/// Removes all that a pod created: containers, networks, volumes, its cgroups.
struct PodCleanup: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  /// How long containers may take.
  let limit: Duration
  /// How long networks and volumes may take once the containers are gone; nil where `limit` is for all together.
  let limitOfOthers: Duration?
  let log: Logger

  /// What there is of a pod, by ID; volumes by name.
  struct Objects: Sendable {
    var containers: [String] = []
    var networks: [String] = []
    var volumes: [String] = []

    var all: [(kind: String, id: String)] {
      containers.map { ("container", $0) } + networks.map { ("network", $0) }
        + volumes.map { ("volume", $0) }
    }
  }

  /// How far the removal has come.
  private struct Progress: Sendable {
    /// What is left, in words.
    var left: [String]
    var hasContainers: Bool
  }

  /// Removes everything, again and again until a look finds nothing or the time is up. It returns in time even if
  /// the engine hangs.
  ///
  /// - Parameters:
  ///   - known: what is known to exist, so that it can go before anything is looked up.
  ///   - mayGrow: true if a create was not answered: dockerd may complete it still, and two looks are taken.
  /// - Returns: what is left, in words.
  func remove(_ known: Objects, mayGrow: Bool) async -> [String] {
    let reached = Mutex(
      Progress(
        left: words(for: known, problems: [:], reason: "the engine doesn't answer"),
        hasContainers: true))
    let work = Task {
      await self.work(known, mayGrow: mayGrow) { now in reached.withLock { $0 = now } }
    }
    if !(await work.hasEnded(within: limit)) {
      // A request that hangs. The others have their own time, but only once the containers are gone.
      let rest = reached.withLock { $0.hasContainers ? nil : limitOfOthers }
      let isDone = if let rest { await work.hasEnded(within: rest) } else { false }
      if !isDone { work.cancel() }
    }
    return reached.withLock { $0.left }
  }

  private func work(
    _ known: Objects, mayGrow: Bool, report: @Sendable (Progress) -> Void
  ) async {
    var deadline = ContinuousClock.now + limit
    var hasContainers = true
    var wait = Duration.milliseconds(100)
    var tried: Set<String> = []
    var quietLooks = 0
    var open = known
    while !Task.isCancelled {
      tried.formUnion(open.all.map(\.id))
      let problems = await removeAll(open)
      do {
        open = try await look()
        report(
          Progress(
            left: words(for: open, problems: problems, reason: nil),
            hasContainers: !open.containers.isEmpty))
        if hasContainers, open.containers.isEmpty {
          hasContainers = false
          if let limitOfOthers { deadline = .now + limitOfOthers }
        }
        if open.all.isEmpty {
          quietLooks += 1
          if !mayGrow || quietLooks > 1 { return }
          wait = .seconds(1)
        } else if open.all.contains(where: { !tried.contains($0.id) }) {
          continue
        }
      } catch {
        report(
          Progress(
            left: words(for: open, problems: problems, reason: "\(error)"),
            hasContainers: hasContainers))
      }
      if .now + wait > deadline { return }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(1))
    }
  }

  /// Names what is left, even where the engine can't be asked.
  private func words(
    for objects: Objects, problems: [String: String], reason: String?
  ) -> [String] {
    if objects.all.isEmpty { return reason.map { ["whatever there is (\($0))"] } ?? [] }
    return objects.all.map { kind, id in
      "\(kind) \(id.prefix(40))" + ((problems[id] ?? reason).map { " (\($0))" } ?? "")
    }
  }

  private func removeAll(_ objects: Objects) async -> [String: String] {
    let engine = engine
    var problems = await each(objects.containers) {
      try await engine.removeContainer($0, force: true, volumes: true)
    }
    // Networks and volumes are in use until their containers are gone.
    async let networks = each(objects.networks) { try await engine.removeNetwork($0) }
    async let volumes = each(objects.volumes) { try await engine.removeVolume($0, force: false) }
    problems.merge(await networks) { old, _ in old }
    problems.merge(await volumes) { old, _ in old }
    return problems
  }

  private func each(
    _ ids: [String], _ remove: @escaping @Sendable (String) async throws -> Void
  ) async -> [String: String] {
    await withTaskGroup(of: (String, String?).self) { group in
      for id in ids {
        group.addTask {
          do {
            try await uncancelled { try await remove(id) }
            return (id, nil)
          } catch let error as EngineError where error.isNotFound {
            return (id, nil)
          } catch {
            return (id, "\(error)")
          }
        }
      }
      var problems: [String: String] = [:]
      for await (id, problem) in group { problems[id] = problem }
      return problems
    }
  }

  private func look() async throws -> Objects {
    // One executor may run several tasks: another task's pod has the same run.
    let filters = [
      "label": [
        "\(PodLabel.run)=\(identity.run)", "\(PodLabel.taskID)=\(identity.taskID)",
      ]
    ]
    async let containers = engine.listContainers(all: true, filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    var objects = Objects()
    for container in try await containers where try await isOurs(container) {
      objects.containers.append(container.id)
    }
    objects.networks = try await networks.map(\.id)
    objects.volumes = try await volumes.filter { $0.labels[PodLabel.keep] != "true" }.map(\.name)
    return objects
  }

  /// A container whose image carries the run inherited it by `docker commit`: it isn't ours.
  private func isOurs(_ container: ContainerSummary) async throws -> Bool {
    do {
      let image = try await engine.inspectImage(container.imageID)
      return image.config?.labels[PodLabel.run] != identity.run
    } catch let error as EngineError where error.isNotFound {
      return true
    }
  }

  /// Docker makes the parent in every hierarchy and takes away only its own leaf.
  ///
  /// - Parameter limit: how long to try; where containers are left, their cgroups are, and a wait is in vain.
  /// - Returns: what is left, in words.
  func removeCgroups(within limit: Duration) async -> [String] {
    if identity.cgroupParent.isEmpty { return [] }
    guard let mounts = try? CgroupMounts.current(),
      let membership = try? CgroupMembership.current()
    else { return ["cgroup \(identity.cgroupParent) (/proc can't be read)"] }
    let folders = CgroupFolders(mounts: mounts)
    let keeping = folders.own(membership: membership)
    let deadline = ContinuousClock.now + limit
    while true {
      let left = folders.remove(identity.cgroupParent, keeping: keeping)
        .filter { !keeping.contains($0.folder) }
      if left.isEmpty { return [] }
      // A run of an ordinary user can't remove what Docker made as root: the reaper does that.
      let denied = left.allSatisfy { $0.reason == .permissionDenied || $0.reason == .notPermitted }
      if denied {
        log.info("cgroups below \(identity.cgroupParent) are left to pod-reaper: \(left[0].reason)")
        return []
      }
      if .now > deadline {
        // A message has room for one of them: it is the same cgroup in every hierarchy.
        for (folder, reason) in left { log.warning("cgroup \(folder) can't be removed: \(reason)") }
        return ["cgroup \(identity.cgroupParent) (\(left[0].reason))"]
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }
}
