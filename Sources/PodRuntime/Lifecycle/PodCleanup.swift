import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects
import Synchronization

/// Removes all objects that a pod created: containers, networks, volumes and cgroups. It removes
/// only objects with the identity of this incarnation.
struct PodCleanup: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  /// Time limit for the containers.
  let limit: Duration
  /// Time limit for networks and volumes after the containers are gone; nil if `limit` applies to
  /// everything.
  let limitOfOthers: Duration?
  let log: Logger
  /// Containers that are kept because the pod has failed; its volumes are kept too.
  var kept: Set<String> = []
  /// Whether no container of the pod is running, so that its networks can be removed together with
  /// the containers.
  var isStopped = false
  /// Called with each container's ID before it is removed.
  var prepare: @Sendable (String) async -> Void = { _ in }

  /// How long the engine may take to stop containers before their processes are killed directly.
  /// Their grace period is over, so both send SIGKILL.
  private var patience: Duration { min(.seconds(5), limit / 2) }

  private var cgroups: PodCgroups { PodCgroups(identity: identity, log: log) }

  /// The number of concurrent removals: dockerd takes longer with more (docs/design.md, "Removal").
  private static let mostRemovals = 8

  /// The progress of the removal.
  private struct Progress: Sendable {
    /// Objects that are left.
    var open: [PodObject]
    /// The number of removed containers.
    var removed = 0
    /// Reasons by object ID.
    var problems: [String: String] = [:]
    /// The reason for objects without one of their own.
    var reason: String?
    /// Results of killing processes without the engine, by container.
    var killed: [String: String] = [:]
    /// Whether another incarnation has objects of the run; nil before the first observation.
    var hasOthers: Bool?

    /// Descriptions of the objects that are left, even if the engine doesn't respond.
    var lines: [String] {
      if open.isEmpty { return reason.map { ["unknown objects (\($0))"] } ?? [] }
      return open.map { object in
        let id = object.id
        let why = [killed[id], problems[id] ?? reason].compactMap { $0 }.joined(separator: "; ")
        return "\(object.kind) \(id.prefix(40))" + (why.isEmpty ? "" : " (\(why))")
      }
    }
  }

  private final class Reached: Sendable {
    private let progress: Mutex<Progress>

    init(_ progress: Progress) { self.progress = Mutex(progress) }

    var value: Progress { progress.withLock { $0 } }

    func update(_ change: (inout Progress) -> Void) { progress.withLock { change(&$0) } }
  }

  /// Removes everything, repeatedly until an observation finds nothing or the time is up. It
  /// returns in time even if the engine hangs, and at once if only containers of others use the
  /// remaining objects.
  ///
  /// - Parameters:
  ///   - known: objects that are known to exist, which are removed before the first observation.
  ///   - madeContainers: all containers that the pod had, including removed ones.
  ///   - hasUnconfirmedRequests: whether a create got no response. Because dockerd may still
  ///     complete it, two observations must find nothing.
  ///   - ownsCgroup: called after the removal of the objects: whether no other pod of this executor
  ///     uses its cgroup.
  ///   - cgroupLimit: time limit for removing the cgroup.
  /// - Returns: descriptions of the objects that are left.
  func remove(
    _ known: [PodObject], madeContainers: [String], hasUnconfirmedRequests: Bool,
    ownsCgroup: @Sendable () async -> Bool, cgroupLimit: Duration
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
    let killing = Task {
      // Many containers take long, but each one is removed within seconds. The rest of the time must
      // suffice for the kill.
      let latest = ContinuousClock.now + self.limit / 2
      var removed = -1
      while reached.value.removed > removed, .now < latest, !Task.isCancelled {
        removed = reached.value.removed
        try? await Task.sleep(for: self.patience)
      }
      let left = reached.value.open.of(.container).map(\.id)
      if Task.isCancelled || left.isEmpty { return }
      self.log.warning("the engine doesn't stop the pod's containers: their processes are killed")
      // A kill that has begun is completed, which takes no longer than this.
      let time = min(.seconds(2), self.limit / 2)
      let killed = await Task { await self.cgroups.kill(left, within: time) }.value
      reached.update { $0.killed = killed }
    }
    if !(await work.hasEnded(within: limit)) {
      // A request hangs. Networks and volumes have their own time, but only after the containers
      // are gone.
      let rest = reached.value.open.of(.container).isEmpty ? limitOfOthers : nil
      let isDone = if let rest { await work.hasEnded(within: rest) } else { false }
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
      return end.lines
        + (await cgroups.remove(
          within: end.open.of(.container).isEmpty ? cgroupLimit : .zero,
          forgotten: end.open.of(.container).isEmpty ? madeContainers : []))
    }
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
    var deadline = ContinuousClock.now + limit
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
          if let limitOfOthers { deadline = .now + limitOfOthers }
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
      if .now + wait > deadline { return }
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
