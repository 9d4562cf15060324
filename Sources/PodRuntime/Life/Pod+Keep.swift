import Concurrency
import DockerEngine
import Linux
import Logging
import PodIdentity
import PodObjects

extension Pod {
  /// What stays of a failed pod.
  struct Kept: Sendable {
    /// The containers' IDs.
    var containers: Set<String>
    /// Until when, in seconds since 1970.
    var until: Int64
  }

  /// Stops what still runs of a failed pod and marks its containers as kept, where the task asks for that. If that can't be
  /// done at once the pod is removed as ever: the terminal update doesn't wait for it.
  ///
  /// - Returns: what stays; nil where all is to be removed.
  func keepContainers() async -> Kept? {
    let seconds = min(request.options.keepFailed, PodLabel.longestKeep)
    guard seconds > 0, verdict?.state == .failed, !madeContainers.isEmpty, !mayGrow,
      let identity = plan?.identity
    else { return nil }
    let engine = engine
    let made = Set(madeContainers)
    let until = WallClock.seconds + seconds
    let keeping = Task { () throws -> Set<String> in
      let inventory = PodInventory(engine: engine, doubt: .fail(identity))
      let found = try await inventory.observe(run: identity.run, made: made)
      // Where labels don't tell two incarnations apart, nobody could tell later whose they are.
      guard found.own(identity, made: []).objects == found.pods[identity]?.objects else {
        return []
      }
      let containers = found.pods[identity]?.containers ?? []
      // Their grace is over.
      try await PodKeeper(engine: engine, stopTimeout: 0).keep(containers, until: until)
      return Set(containers.filter(\.isWorth).map(\.id))
    }
    let limit = min(Duration.seconds(5), (cleanupLimit ?? .seconds(10)) / 2)
    let watch = Task { _ = await keeping.result }
    guard await watch.hasEnded(within: limit) else {
      keeping.cancel()
      log.warning("the engine doesn't respond: the failed pod isn't kept")
      return nil
    }
    switch await keeping.result {
    case .success(let containers) where containers.isEmpty:
      return nil
    case .success(let containers):
      log.notice(
        "the failed pod is kept until \(WallClock.text(until)): `compose-executor rm \(request.taskID)` removes it"
      )
      return Kept(containers: containers, until: until)
    case .failure(let error):
      log.warning("the failed pod can't be kept: \(error)")
      return nil
    }
  }
}
