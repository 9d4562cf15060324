import Concurrency
import DockerEngine
import Linux
import Logging
import PodIdentity
import PodObjects
import Synchronization

extension Pod {
  /// The part of a failed pod that is kept.
  struct Kept: Sendable {
    /// The containers' IDs.
    var containers: Set<String>
    /// The time until which they are kept, in seconds since 1970.
    var until: Int64
  }

  /// Stops the running containers of a failed pod, and marks its containers as kept, if the task
  /// requests that. If this isn't possible at once, the pod is removed as usual, because the
  /// terminal update must not wait.
  ///
  /// - Returns: the kept part; nil if everything is to be removed.
  func keepContainers() async -> Kept? {
    let seconds = min(request.options.keepFailed, PodLabel.longestKeep)
    guard seconds > 0, outcome?.state == .failed, !madeContainers.isEmpty, !hasUnconfirmedRequests,
      let identity = plan?.identity
    else { return nil }
    let engine = engine
    let made = Set(madeContainers)
    let until = WallClock.seconds + seconds
    let keeping = Task { () throws -> Set<String> in
      let inventory = PodInventory(engine: engine, doubt: .fail(identity))
      let found = try await inventory.observe(run: identity.run, made: made)
      // If labels don't distinguish two incarnations, the owner could not be determined later.
      guard found.own(identity, made: []).objects == found.pods[identity]?.objects else {
        return []
      }
      let containers = found.pods[identity]?.containers ?? []
      // Their grace period is over.
      try await PodKeeper(engine: engine, stopTimeout: 0).keep(containers, until: until)
      return Set(containers.filter(\.isWorth).map(\.id))
    }
    let watch = Task { _ = await keeping.result }
    let begin = ContinuousClock.now
    var isOver = false
    while !isOver {
      // A shutdown may shorten the limit meanwhile.
      let limit = min(Duration.seconds(5), (cleanupLimit ?? .seconds(10)) / 2)
      let rest = begin + limit - .now
      isOver = await watch.hasEnded(within: min(max(.zero, rest), .milliseconds(250)))
      if rest <= .zero { break }
    }
    guard isOver else {
      keeping.cancel()
      log.warning("the engine doesn't respond: the failed pod isn't kept")
      return nil
    }
    switch await keeping.result {
    case .success(let containers) where containers.isEmpty:
      return nil
    case .success(let containers):
      Self.keptTasks.withLock { _ = $0.insert(keptKey) }
      log.notice(
        "the failed pod is kept until \(WallClock.text(until)): `compose-executor rm \(request.taskID)` removes it"
      )
      return Kept(containers: containers, until: until)
    case .failure(let error):
      log.warning("the failed pod can't be kept: \(error)")
      return nil
    }
  }

  /// The kept pods of this process.
  private static let keptTasks = Mutex<Set<String>>([])

  private var keptKey: String { "\(request.run) \(request.taskID)" }

  /// Removes the kept containers of an earlier pod of the same task that this executor launched.
  /// Both pods have the same labels, so only the time until which containers are kept distinguishes
  /// them.
  ///
  /// - Throws: `LaunchFailure` if they can't be removed.
  func removeKept() async throws {
    let key = keptKey
    guard Self.keptTasks.withLock({ $0.contains(key) }) else { return }
    let identity = request.identity
    let inventory = PodInventory(engine: engine, doubt: .fail(identity))
    let found = try await inventory.observe(run: identity.run, made: [])
    for (other, pod) in found.pods
    where other.taskID == identity.taskID && pod.containers.keptUntil != nil {
      let remover = PodRemover(engine: engine, policy: RemovalPolicy(patience: .seconds(10)))
      let result = await remover.remove(pod.objects, of: other)
      guard result.failed.isEmpty else {
        throw LaunchFailure(
          description: "an earlier pod of this task is kept after its failure, and can't be removed"
        )
      }
      log.notice("an earlier pod of this task, which was kept after its failure, is removed")
    }
    Self.keptTasks.withLock { _ = $0.remove(key) }
  }
}
