import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects
import Synchronization

/// Removes all that a pod created: containers, networks, volumes, its cgroups. Only what bears the identity of this very
/// incarnation goes.
struct PodCleanup: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  /// How long containers may take.
  let limit: Duration
  /// How long networks and volumes may take once the containers are gone; nil where `limit` is for all together.
  let limitOfOthers: Duration?
  let log: Logger
  /// The containers that stay, since the pod has failed and is kept; its volumes stay with them.
  var kept: Set<String> = []
  /// Whether no container of the pod runs any more, so that its networks can go together with the containers.
  var isStopped = false
  /// Called with each container's ID before it is removed.
  var prepare: @Sendable (String) async -> Void = { _ in }

  /// How long the engine may take to end containers before their processes are killed without it. Their grace is over:
  /// SIGKILL is what they get either way.
  private var patience: Duration { min(.seconds(5), limit / 2) }

  private var cgroups: PodCgroups { PodCgroups(identity: identity, log: log) }

  /// How many containers are removed at once: with all of many at once dockerd takes longer (docs/design.md, "Removal").
  private static let mostRemovals = 12

  /// How far the removal has come.
  private struct Progress: Sendable {
    /// What is left.
    var open: [PodObject]
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
      if open.isEmpty { return reason.map { ["whatever there is (\($0))"] } ?? [] }
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
    _ known: [PodObject], madeContainers: [String], mayGrow: Bool,
    ownsCgroup: @Sendable () async -> Bool, cgroupLimit: Duration
  ) async -> [String] {
    let known = known.filter { !isKept($0) }
    cgroups.thaw(known.of(.container).map(\.id))
    let reached = Reached(Progress(open: known, reason: "the engine doesn't answer"))
    let work = Task {
      let made = Set(known.map(\.id) + madeContainers)
      await self.work(known, made: made, mayGrow: mayGrow) { change in reached.update(change) }
    }
    let killing = Task {
      try? await Task.sleep(for: self.patience)
      let left = reached.value.open.of(.container).map(\.id)
      if Task.isCancelled || left.isEmpty { return }
      self.log.warning("the engine doesn't end the pod's containers: their processes are killed")
      // What is begun is done: it takes no longer than this.
      let time = min(.seconds(2), self.limit / 2)
      let killed = await Task { await self.cgroups.kill(left, within: time) }.value
      reached.update { $0.killed = killed }
    }
    if !(await work.hasEnded(within: limit)) {
      // A request that hangs. The others have their own time, but only once the containers are gone.
      let rest = reached.value.open.of(.container).isEmpty ? limitOfOthers : nil
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
          within: end.open.of(.container).isEmpty ? cgroupLimit : .zero,
          forgotten: end.open.of(.container).isEmpty ? madeContainers : []))
    }
  }

  private func work(
    _ known: [PodObject], made: Set<String>, mayGrow: Bool,
    report: @Sendable ((inout Progress) -> Void) -> Void
  ) async {
    let inventory = PodInventory(engine: engine, doubt: .fail(identity))
    let remover = PodRemover(
      engine: engine, policy: RemovalPolicy(), gate: AsyncSemaphore(value: Self.mostRemovals))
    var deadline = ContinuousClock.now + limit
    var hasContainers = true
    var wait = Duration.milliseconds(100)
    var tried: Set<String> = []
    var quietLooks = 0
    var open = known
    while !Task.isCancelled {
      tried.formUnion(open.map(\.id))
      let (failures, gone, observed) = await removeOnce(open, made, by: remover, inventory)
      let problems = Dictionary(failures.map { ($0.id, $0.reason) }) { first, _ in first }
      do {
        let look = try observed.get()
        open = look.objects.filter { !isKept($0) && !gone.contains($0.id) }
        let held = await held(open, problems)
        report {
          $0.open = open
          $0.problems = problems.merging(held) { $1 }
          $0.reason = nil
          $0.hasOthers = look.hasOthers
        }
        if hasContainers, open.of(.container).isEmpty {
          hasContainers = false
          if let limitOfOthers { deadline = .now + limitOfOthers }
        }
        if open.isEmpty {
          quietLooks += 1
          if !mayGrow || quietLooks > 1 { return }
          wait = .seconds(1)
        } else if open.contains(where: { !tried.contains($0.id) }) {
          continue
        } else if !mayGrow, open.allSatisfy({ held[$0.id] != nil }) {
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

  /// Removes what is known, and observes what there is as soon as the containers are gone.
  ///
  /// - Returns: what could not be removed; the IDs of networks and volumes that were removed while the engine was asked; and
  ///   what it reported.
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

  /// Which of the networks and volumes that could not be removed containers of others hold, in words.
  private func held(_ open: [PodObject], _ problems: [String: String]) async -> [String: String] {
    guard open.of(.container).isEmpty else { return [:] }
    var held: [String: String] = [:]
    for object in open where problems[object.id] != nil {
      if let names = await engine.holders(of: object) {
        held[object.id] = "held by \(names), not of this pod"
      }
    }
    return held
  }
}

extension DockerEngine {
  /// Names the containers that keep a network or volume from being removed; nil where there is none.
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
