import DockerEngine
import Logging
import PodIdentity
import Program

extension Reaper {
  /// Notes the images that dead pods' tasks asked to have removed, before anything of these pods is removed.
  func noteImages(_ dead: [ObservedPod]) {
    imageDebts.read()
    let new = dead.map { OwedImages($0.identity, images: $0.images) }.filter { !$0.images.isEmpty }
    keepImageDebts { try $0.add(new) }
  }

  /// Removes the images of pods that have no container any more, as their executors would have. What another container
  /// uses, what has further names, and what is gone is no failure; what an engine that went away didn't do is tried again
  /// by a later pass.
  ///
  /// - Parameters:
  ///   - pods: what the look at the engine found.
  ///   - results: what was removed since; it is told of the images.
  func removeImages(
    _ pods: [PodIdentity: ObservedPod], _ results: inout [PodIdentity: RemovalResult]
  ) async {
    var done: Set<OwedImages> = []
    for debt in imageDebts.debts {
      let owners = pods.values.filter { debt.isOf($0.identity) && !$0.containers.isEmpty }
      let areGone = owners.allSatisfy { pod in
        results[pod.identity]?.failed.contains { $0.kind == "containers" } == false
      }
      guard areGone, let removed = await removeImages(debt.images) else { continue }
      done.insert(debt)
      if removed.isEmpty { continue }
      log.notice(
        "removed images: \(removed.joined(separator: " "))",
        metadata: ["task": "\(Printable.text(debt.task))", "run": "\(Printable.text(debt.run))"])
      if let identity = results.keys.first(where: debt.isOf) {
        results[identity]?.removed["images", default: []] += removed
      } else {
        counters.removed["images", default: 0] += removed.count
      }
    }
    keepImageDebts { try $0.remove(done) }
  }

  /// - Returns: the names of those that are removed; nil where the engine didn't answer for all.
  private func removeImages(_ names: [String]) async -> [String]? {
    var removed: [String] = []
    for name in names {
      defer { progress.step() }
      do {
        if name.hasPrefix("-") {
          try await engine.takeName(String(name.dropFirst()))
          continue
        }
        try await engine.removeImage(name, force: false)
        removed.append(name)
      } catch let error as EngineError where error.isRefusal {
        log.debug("image \(name) stays: \(error.message)")
      } catch {
        log.warning("image \(name) can't be removed now: \(error)")
        return nil
      }
    }
    return removed
  }

  private func keepImageDebts(_ change: (inout ImageDebts) throws -> Void) {
    do {
      try change(&imageDebts)
    } catch {
      log.error("\(imageDebts.path) can't be written: \(error)")
    }
  }
}
