import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects

/// Removes all objects that a pod created: containers, networks, volumes and cgroups. It removes
/// only objects with the identity of this incarnation.
struct PodCleanup: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  /// When the removal begins.
  let begin = ContinuousClock.now
  /// Time limit for the containers.
  let limit: Duration
  /// Time limit for networks and volumes after the containers are gone; nil if `limit` applies to
  /// everything.
  let limitOfOthers: Duration?
  let log: Logger
  /// The deadline of everything; nil without one. A shutdown may set it, or bring it forward,
  /// during the removal.
  var deadline: @Sendable () async -> ContinuousClock.Instant? = { nil }
  /// Containers that are kept because the pod has failed; its volumes are kept too.
  var kept: Set<String> = []
  /// Whether no container of the pod is running, so that its networks can be removed together with
  /// the containers.
  var isStopped = false
  /// Called with each container's ID before it is removed.
  var prepare: @Sendable (String) async -> Void = { _ in }

  /// How long the engine may take to remove a container before the processes of all are killed
  /// directly. Their grace period is over, so both send SIGKILL.
  private static let patience = Duration.seconds(5)

  private var cgroups: PodCgroups { PodCgroups(identity: identity, log: log) }

  /// The number of concurrent removals: dockerd takes longer with more (docs/design.md, "Removal").
  private static let mostRemovals = 8

  /// Removes everything, repeatedly until an observation finds nothing or the time is up. It
  /// returns in time even if the engine hangs, and at once if only containers of others use the
  /// remaining objects.
  ///
  /// - Parameters:
  ///   - known: objects that are known to exist, which are removed before the first observation.
  ///   - madeContainers: all containers that the pod had, including removed ones.
  ///   - hasUnconfirmedRequests: whether a create got no response. Because dockerd may still
  ///     complete it, two observations must find nothing.
  ///   - ownsCgroup: called after the removal of the objects, and during that of the cgroup:
  ///     whether no other pod of this executor uses its cgroup.
  /// - Returns: descriptions of the objects that are left.
  func remove(
    _ known: [PodObject], madeContainers: [String], hasUnconfirmedRequests: Bool,
    ownsCgroup: @escaping @Sendable () async -> Bool
  ) async -> [String] {
    let known = known.filter { !isKept($0) }
    cgroups.thaw(known.of(.container).map(\.id))
    let reached = Reached(Progress(open: known, reason: "the engine doesn't respond"))
    let work = Task {
      let made = Set(known.map(\.id) + madeContainers)
      await self.work(known, made: made, hasUnconfirmedRequests: hasUnconfirmedRequests) { change in
        reached.update(change)
      }
    }
    let killing = Task { await self.killStuck(reached) }
    if !(await hasEnded(work, by: begin + limit, atLeast: .milliseconds(200))) {
      // A request hangs. Networks and volumes have their own time, but only after the containers
      // are gone.
      var isDone = false
      if let limitOfOthers, reached.value.open.of(.container).isEmpty {
        isDone = await hasEnded(work, by: ContinuousClock.now + limitOfOthers)
      }
      if !isDone { work.cancel() }
    }
    killing.cancel()
    await killing.value
    let end = reached.value
    guard await ownsCgroup() else { return end.lines }
    switch end.hasOthers {
    // Another incarnation starts its containers below this cgroup, and may just have created an
    // empty directory in it.
    case true?: return end.lines
    case nil: return end.lines + cgroups.left("the engine doesn't respond")
    case false?:
      let areContainersGone = end.open.of(.container).isEmpty
      let left = await removeCgroups(
        within: areContainersGone ? .seconds(10) : .zero,
        forgotten: areContainersGone ? madeContainers : [], while: ownsCgroup)
      return end.lines + left
    }
  }

  /// Waits until a task has ended, but no longer than until `time`, or until a shutdown's deadline
  /// and at least `least`.
  private func hasEnded(
    _ task: Task<Void, Never>, by time: ContinuousClock.Instant, atLeast least: Duration = .zero
  ) async -> Bool {
    let earliest = ContinuousClock.now + least
    while true {
      // A shutdown may shorten the limit meanwhile.
      let shutdown = await deadline() ?? time
      let rest = min(time, max(earliest, shutdown)) - .now
      if await task.hasEnded(within: min(max(.zero, rest), .milliseconds(250))) { return true }
      if rest <= .zero { return false }
    }
  }

  /// Kills the processes of containers that the engine doesn't remove, until the task is canceled.
  /// Many containers take long, but each one is removed within seconds. Half of the time is left
  /// for the kill.
  private func killStuck(_ reached: Reached) async {
    var latest = begin + limit / 2
    var shutdown: ContinuousClock.Instant?
    var removed = reached.value.removed
    var check = ContinuousClock.now + Self.patience
    // A container that is found later is killed as well.
    var tried: Set<String> = []
    while !Task.isCancelled {
      let now = ContinuousClock.now
      if let end = await deadline(), end != shutdown {
        shutdown = end
        latest = min(latest, now + max(Duration.zero, end - now) / 2)
      }
      let progress = reached.value
      let isStuck = now >= latest || now >= check && progress.removed == removed
      let left = progress.open.of(.container).map(\.id).filter { !tried.contains($0) }
      if isStuck, !left.isEmpty, !Task.isCancelled {
        tried.formUnion(left)
        await kill(left, reached, until: min(begin + limit, shutdown ?? begin + limit))
      }
      if now >= check {
        removed = progress.removed
        check = now + Self.patience
      }
      let next = (now < latest ? min(check, latest) : check) - ContinuousClock.now
      try? await Task.sleep(for: min(max(.zero, next), .milliseconds(100)))
    }
  }

  private func kill(
    _ containers: [String], _ reached: Reached, until end: ContinuousClock.Instant
  ) async {
    log.warning("the engine doesn't stop the pod's containers: their processes are killed")
    // A kill that has begun is completed, which takes no longer than this.
    let time = min(Duration.seconds(2), max(.milliseconds(200), end - .now))
    let killed = await Task { await self.cgroups.kill(containers, within: time) }.value
    reached.update { $0.killed.merge(killed) { $1 } }
  }

  /// Removes the cgroups; for less than `limit` if a shutdown's deadline is earlier.
  private func removeCgroups(
    within limit: Duration, forgotten: [String],
    while ownsCgroup: @escaping @Sendable () async -> Bool
  ) async -> [String] {
    let shutdown = await deadline()
    let rest = shutdown.map { max(Duration.milliseconds(200), $0 - .now) }
    let time = min(limit, rest ?? limit)
    let cgroups = cgroups
    let removal = Task {
      await cgroups.remove(
        within: time, forgotten: forgotten,
        while: {
          // Nobody waits for a canceled removal: a new task may use the cgroup by now.
          if Task.isCancelled { return false }
          return await ownsCgroup()
        })
    }
    let watch = Task { _ = await removal.value }
    // systemd may not respond, and a shutdown may shorten the limit meanwhile.
    let end = ContinuousClock.now + time + .seconds(2)
    guard await hasEnded(watch, by: end, atLeast: .milliseconds(200)) else {
      removal.cancel()
      return cgroups.left("there was no time left to remove it")
    }
    return await removal.value
  }

  private func work(
    _ known: [PodObject], made: Set<String>, hasUnconfirmedRequests: Bool,
    report: @escaping @Sendable ((inout Progress) -> Void) -> Void
  ) async {
    let inventory = PodInventory(engine: engine, doubt: .fail(identity))
    let remover = PodRemover(
      engine: engine, policy: RemovalPolicy(), gate: AsyncSemaphore(value: Self.mostRemovals),
      removed: { object in
        report {
          $0.open.removeAll { $0.id == object.id }
          if object.kind == .container { $0.removed += 1 }
        }
      })
    var latest = begin + limit
    var hasContainers = true
    var wait = Duration.milliseconds(100)
    var tried: Set<String> = []
    var quietObservations = 0
    var open = known
    while !Task.isCancelled {
      tried.formUnion(open.map(\.id))
      let (failures, gone, observed) = await removeOnce(open, made, by: remover, inventory)
      let problems = Dictionary(failures.map { ($0.id, $0.reason) }) { first, _ in first }
      do {
        let observation = try observed.get()
        open = observation.objects.filter { !isKept($0) && !gone.contains($0.id) }
        let held = await held(open, problems)
        report {
          $0.open = open
          $0.problems = problems.merging(held) { $1 }
          $0.reason = nil
          $0.hasOthers = observation.hasOthers
        }
        if hasContainers, open.of(.container).isEmpty {
          hasContainers = false
          if let limitOfOthers { latest = .now + limitOfOthers }
        }
        if open.isEmpty {
          quietObservations += 1
          if !hasUnconfirmedRequests || quietObservations > 1 { return }
          wait = .seconds(1)
        } else if open.contains(where: { !tried.contains($0.id) }) {
          continue
        } else if !hasUnconfirmedRequests, open.allSatisfy({ held[$0.id] != nil }) {
          return  // pod-reaper removes the rest when others no longer use it.
        }
      } catch {
        report {
          $0.problems = problems
          $0.reason = error is CancellationError ? "the engine doesn't respond" : "\(error)"
        }
      }
      let end = min(latest, await deadline() ?? latest)
      if .now + wait > end { return }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(1))
    }
  }

  /// Removes the known objects, and observes the remaining ones as soon as the containers are gone.
  ///
  /// - Returns: the objects that could not be removed; the IDs of networks and volumes that were
  ///   removed during the observation; and the observation.
  private func removeOnce(
    _ open: [PodObject], _ made: Set<String>, by remover: PodRemover, _ inventory: PodInventory
  ) async -> ([RemovalResult.Failure], gone: Set<String>, Result<Observation.Own, any Error>) {
    let deadline = remover.deadline
    async let early = isStopped ? remover.removeUnusedNetworks(open) : []
    let containers = await remover.removeContainers(open, deadline, prepare: prepare)
    let unused = await early
    let others = open.filter { $0.kind != .container && !unused.contains($0.id) }
    async let removal = remover.removeOthers(
      others, of: identity, areContainersGone: containers.failed.isEmpty, deadline)
    let observed: Result<Observation.Own, any Error>
    do {
      observed = .success(
        try await inventory.observe(run: identity.run, made: made).own(identity, made: made))
    } catch {
      observed = .failure(error)
    }
    let failed = containers.failed + (await removal).failed
    let left = Set(failed.map(\.id))
    return (failed, unused.union(others.map(\.id)).subtracting(left), observed)
  }

  private func isKept(_ object: PodObject) -> Bool {
    if kept.isEmpty { return false }
    return kept.contains(object.id) || object.kind == .volume && !object.isSecret
  }

  /// Descriptions of the networks and volumes that could not be removed because containers of
  /// others use them.
  private func held(_ open: [PodObject], _ problems: [String: String]) async -> [String: String] {
    guard open.of(.container).isEmpty else { return [:] }
    var held: [String: String] = [:]
    for object in open where problems[object.id] != nil {
      if let names = await engine.holders(of: object) {
        held[object.id] = "used by \(names), not of this pod"
      }
    }
    return held
  }
}

extension DockerEngine {
  /// Names the containers that prevent the removal of a network or volume; nil if there are none.
  fileprivate func holders(of object: PodObject) async -> String? {
    let holders: [(id: String, name: String)]? =
      if object.kind == .network {
        (try? await inspectNetwork(object.id))?.containers.map { ($0.key, $0.value.name) }
      } else {
        (try? await listContainers(all: true, filters: ["volume": [object.id]]))?
          .map { ($0.id, $0.name) }
      }
    guard let holders, !holders.isEmpty else { return nil }
    let names = holders.map { "'\($0.name)' (\($0.id.prefix(12)))" }.sorted()
    return "container\(names.count == 1 ? "" : "s") " + names.joined(separator: ", ")
  }
}
