import Concurrency
import DockerEngine
import Logging
import PodIdentity
import Synchronization

/// Removes all that a pod created: containers, networks, volumes, its cgroups. Only what bears the identity of this very
/// incarnation goes.
struct PodCleanup: Sendable {
  typealias Objects = PodObjects

  let engine: DockerEngine
  let identity: PodIdentity
  /// How long containers may take.
  let limit: Duration
  /// How long networks and volumes may take once the containers are gone; nil where `limit` is for all together.
  let limitOfOthers: Duration?
  let log: Logger

  /// How long the engine may take to end containers before their processes are killed without it. Their grace is over:
  /// SIGKILL is what they get either way.
  private var patience: Duration { min(.seconds(5), limit / 2) }

  private var inventory: PodInventory { PodInventory(engine: engine, identity: identity) }
  private var cgroups: PodCgroups { PodCgroups(identity: identity, log: log) }

  /// How far the removal has come.
  private struct Progress: Sendable {
    /// What is left.
    var open: Objects
    /// Why, by ID.
    var problems: [String: String] = [:]
    /// Why, of those about which nothing else is known.
    var reason: String?
    /// What became of processes that were killed without the engine, by container.
    var killed: [String: String] = [:]
    /// nil as long as no look was taken.
    var hasOthers: Bool?

    /// Names what is left, even where the engine can't be asked.
    var words: [String] {
      if open.all.isEmpty { return reason.map { ["whatever there is (\($0))"] } ?? [] }
      return open.all.map { kind, id in
        let why = [killed[id], problems[id] ?? reason].compactMap { $0 }.joined(separator: "; ")
        return "\(kind) \(id.prefix(40))" + (why.isEmpty ? "" : " (\(why))")
      }
    }
  }

  private final class Reached: Sendable {
    private let progress: Mutex<Progress>

    init(_ progress: Progress) { self.progress = Mutex(progress) }

    var value: Progress { progress.withLock { $0 } }

    func update(_ change: (inout Progress) -> Void) { progress.withLock { change(&$0) } }
  }

  /// Removes everything, again and again until a look finds nothing or the time is up. It returns in time even if
  /// the engine hangs, and at once where only containers of others hold what is left.
  ///
  /// - Parameters:
  ///   - known: what is known to exist, so that it can go before anything is looked up.
  ///   - madeContainers: every container that the pod had, whatever became of it.
  ///   - mayGrow: true if a create was not answered: dockerd may complete it still, and two looks are taken.
  ///   - ownsCgroup: asked when the rest is done: whether no other pod of this executor lives in its cgroup.
  ///   - cgroupLimit: how long removing the cgroup may take.
  /// - Returns: what is left, in words.
  func remove(
    _ known: Objects, madeContainers: [String], mayGrow: Bool,
    ownsCgroup: @Sendable () async -> Bool, cgroupLimit: Duration
  ) async -> [String] {
    cgroups.thaw(known.containers)
    let reached = Reached(Progress(open: known, reason: "the engine doesn't answer"))
    let work = Task {
      var made = known
      made.containers += madeContainers
      await self.work(known, made: made, mayGrow: mayGrow) { change in reached.update(change) }
    }
    let killing = Task {
      try? await Task.sleep(for: self.patience)
      let left = reached.value.open.containers
      if Task.isCancelled || left.isEmpty { return }
      self.log.warning("the engine doesn't end the pod's containers: their processes are killed")
      // What is begun is done: it takes no longer than this.
      let time = min(.seconds(2), self.limit / 2)
      let killed = await Task { await self.cgroups.kill(left, within: time) }.value
      reached.update { $0.killed = killed }
    }
    if !(await work.hasEnded(within: limit)) {
      // A request that hangs. The others have their own time, but only once the containers are gone.
      let rest = reached.value.open.containers.isEmpty ? limitOfOthers : nil
      let isDone = if let rest { await work.hasEnded(within: rest) } else { false }
      if !isDone { work.cancel() }
    }
    killing.cancel()
    await killing.value
    let end = reached.value
    guard await ownsCgroup() else { return end.words }
    switch end.hasOthers {
    // Another incarnation's containers are started below it: a folder may be theirs a moment before it is used.
    case true?: return end.words
    case nil: return end.words + cgroups.left("the engine doesn't answer")
    case false?:
      return end.words
        + (await cgroups.remove(
          within: end.open.containers.isEmpty ? cgroupLimit : .zero,
          forgotten: end.open.containers.isEmpty ? madeContainers : []))
    }
  }

  private func work(
    _ known: Objects, made: Objects, mayGrow: Bool,
    report: @Sendable ((inout Progress) -> Void) -> Void
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
        let look = try await inventory.look(known: made)
        open = look.objects
        let held = await held(open, problems)
        report {
          $0.open = look.objects
          $0.problems = problems.merging(held) { $1 }
          $0.reason = nil
          $0.hasOthers = look.hasOthers
        }
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
        } else if !mayGrow, open.all.allSatisfy({ held[$0.id] != nil }) {
          return  // Others decide when they go; the reaper removes it then.
        }
      } catch {
        report {
          $0.problems = problems
          $0.reason = "\(error)"
        }
      }
      if .now + wait > deadline { return }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(1))
    }
  }

  /// Which of the networks and volumes that could not be removed containers of others hold, in words.
  private func held(_ open: Objects, _ problems: [String: String]) async -> [String: String] {
    guard open.containers.isEmpty else { return [:] }
    var held: [String: String] = [:]
    for (kind, id) in open.all where problems[id] != nil {
      if let names = await inventory.foreignHolders(of: kind, id) {
        held[id] = "held by \(names), not of this pod"
      }
    }
    return held
  }

  private func removeAll(_ objects: Objects) async -> [String: String] {
    let engine = engine
    let inventory = inventory
    var problems = await each(objects.containers) {
      try await engine.removeContainer($0, force: true, volumes: true)
    }
    // Networks and volumes are in use until their containers are gone.
    async let networks = each(objects.networks) { id in
      do {
        try await engine.removeNetwork(id)
      } catch let error as EngineError where !error.isNotFound {
        // A dockerd that crashed leaves endpoints without a container.
        guard case .status = error.kind, try await !engine.disconnectDeadEndpoints(of: id).isEmpty
        else { throw error }
        try await engine.removeNetwork(id)
      }
    }
    async let volumes = each(objects.volumes) { name in
      // A volume has no ID but its name, which another incarnation may use.
      guard inventory.owns(try await engine.inspectVolume(name).labels) else { return }
      try await engine.removeVolume(name, force: false)
    }
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
            try await withoutCancellation { try await remove(id) }
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
}
