import Cgroups
import DockerEngine
import Logging
import PodIdentity
import SystemPackage

/// Removes all that a pod created: containers, networks, volumes, its cgroups.
struct PodCleanup: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  /// How long containers, networks and volumes may take.
  let limit: Duration
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

  /// Removes everything, again and again until a look finds nothing or the time is up.
  ///
  /// - Parameters:
  ///   - known: what is known to exist, so that it can go before anything is looked up.
  ///   - mayGrow: true if a create was not answered: dockerd may complete it still, and two looks are taken.
  /// - Returns: what is left, in words.
  func remove(_ known: Objects, mayGrow: Bool) async -> [String] {
    let deadline = ContinuousClock.now + limit
    var wait = Duration.milliseconds(100)
    var left: [String] = []
    var tried: Set<String> = []
    var quietLooks = 0
    var open = known
    rounds: while true {
      tried.formUnion(open.all.map(\.id))
      let known = open
      let round = await untilDeadline(deadline) { await self.removeAndLook(known) }
      switch round {
      case .success(let (found, problems)):
        open = found
        left = open.all.map { kind, id in
          "\(kind) \(id.prefix(40))" + (problems[id].map { " (\($0))" } ?? "")
        }
        if left.isEmpty {
          quietLooks += 1
          if !mayGrow || quietLooks > 1 { break rounds }
          wait = .seconds(1)
        } else if open.all.contains(where: { !tried.contains($0.id) }) {
          continue
        }
      case .failure(let error):
        left = Self.unreached(open, "\(error)")
      case nil:
        left = Self.unreached(open, "the engine did not answer in time")
      }
      if .now + wait > deadline { break }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(1))
    }
    if !identity.cgroupParent.isEmpty {
      // Where containers are left, their cgroups are.
      left += await removeCgroups(within: left.isEmpty ? .seconds(10) : .zero)
    }
    return left
  }

  /// What is known is named even where the engine can't be asked.
  private static func unreached(_ objects: Objects, _ reason: String) -> [String] {
    let names = objects.all.map { "\($0.kind) \($0.id.prefix(40))" }.joined(separator: ", ")
    return [(names.isEmpty ? "whatever there is" : names) + " (\(reason))"]
  }

  private func removeAndLook(
    _ objects: Objects
  ) async -> Result<(Objects, problems: [String: String]), any Error> {
    let problems = await removeAll(objects)
    do {
      return .success((try await look(), problems))
    } catch {
      return .failure(error)
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
            try await remove(id)
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
    let filters = ["label": ["\(PodLabel.run)=\(identity.run)"]]
    async let containers = engine.listContainers(all: true, filters: filters)
    async let networks = engine.listNetworks(filters: filters)
    async let volumes = engine.listVolumes(filters: filters)
    var objects = Objects()
    for container in try await containers where try await isOurs(container) {
      objects.containers.append(container.id)
    }
    objects.networks = try await networks.map(\.id)
    objects.volumes = try await volumes.map(\.name)
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
  private func removeCgroups(within limit: Duration) async -> [String] {
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
      if .now > deadline { return left.map { "cgroup \($0.folder) (\($0.reason))" } }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }
}
