import DockerEngine
import Logging
import PodIdentity
import PodObjects
import Program

/// The results of removals between passes: failures, images that are still to be removed, and the
/// counters of all passes.
struct RemovalLedger: Sendable, Equatable {
  /// The objects of a pod that could not be removed in the last attempt. They are logged once, and
  /// tried again once per pass.
  private(set) var failures: [PodIdentity: [RemovalResult.Failure]] = [:]
  private(set) var imageDebts: ImageDebts
  /// Since when, and how often in succession, the engine has failed to remove images of a debt.
  private var imageFailures: [OwedImages: ImageFailures] = [:]
  var counters = Counters()

  init(imageDebts: ImageDebts) { self.imageDebts = imageDebts }

  /// Forgets a pod without objects.
  mutating func forget(_ identity: PodIdentity) { failures[identity] = nil }

  // MARK: Images

  /// Records the images whose removal dead pods' tasks requested, before any object of these pods
  /// is removed.
  mutating func recordImages(of dead: some Collection<DiscoveredPod>, _ log: Logger) {
    imageDebts.read()
    let new = dead.map { OwedImages($0.identity, images: $0.images) }.filter { !$0.images.isEmpty }
    write(log) { try $0.add(new) }
  }

  /// Records the promises of dead executors.
  ///
  /// - Returns: whether they are on disk.
  mutating func record(_ promised: [OwedImages], _ log: Logger) -> Bool {
    imageDebts.read()
    return write(log) { try $0.add(promised) }
  }

  /// Whether nothing more is to be done for a debt: its images are removed or in use, or the engine
  /// has failed for a day, at least ten times.
  mutating func isSettled(
    _ debt: OwedImages, failed: Bool, at now: ContinuousClock.Instant = .now
  ) -> Bool {
    guard failed else {
      imageFailures[debt] = nil
      return true
    }
    var failures = imageFailures[debt, default: ImageFailures(since: now)]
    failures.count += 1
    imageFailures[debt] = failures
    // An engine that was away for a day must not fail only twice.
    guard failures.count >= 10, now - failures.since >= .seconds(86_400) else { return false }
    imageFailures[debt] = nil
    return true
  }

  private struct ImageFailures: Sendable, Equatable {
    let since: ContinuousClock.Instant
    var count = 0
  }

  /// Removes images that were handled.
  mutating func pay(_ done: Set<OwedImages>, _ log: Logger) { write(log) { try $0.remove(done) } }

  @discardableResult
  private mutating func write(
    _ log: Logger, _ change: (inout ImageDebts) throws -> Void
  ) -> Bool {
    do {
      try change(&imageDebts)
      return true
    } catch {
      log.error("\(imageDebts.path) can't be written: \(error)")
      return false
    }
  }

  // MARK: Results

  /// Counts a pod's removal, and writes one line to the log and one to the journal.
  mutating func finish(
    _ identity: PodIdentity, _ verdict: Verdict, _ report: PodReport, _ result: RemovalResult,
    _ settings: ReaperSettings, _ log: Logger
  ) {
    let known = failures[identity]
    failures[identity] = result.failed.isEmpty ? nil : result.failed
    if known == nil, verdict.state == .leaked { counters.leaks += 1 }
    for failure in result.failed where known?.contains(failure) != true {
      counters.failed[failure.kind, default: 0] += 1
    }
    if known == result.failed, !result.didRemove { return }
    let since = verdict.deadSince.map { (BootTime.now - $0).inSeconds }
    for (kind, names) in result.removed { counters.removed[kind, default: 0] += names.count }
    if let since { counters.record(secondsToGone: since) }
    let count = result.removed.values.map(\.count).reduce(0, +)
    let left = report.failed.map { "\($0.kind) \($0.name): \($0.reason)" }
    if result.failed.isEmpty {
      log.notice("removed \(count) objects", metadata: identity.logFields)
    } else {
      log.error("not removed: \(left.joined(separator: "; "))", metadata: identity.logFields)
    }
    let entry = Journal.Entry(
      time: Timestamp.now, verdict: report.verdict, why: report.why, task: report.task,
      run: report.run, framework: report.framework, executor: report.executor,
      evidence: report.evidence.map { "\($0.source): \($0.words)" }, removed: report.removed,
      failed: left, pending: report.pending, secondsSinceDeath: since)
    do {
      try Journal(path: settings.stateDirectory + "/journal.jsonl", limit: settings.journalSize)
        .append(entry)
    } catch {
      log.error("the journal in \(settings.stateDirectory) can't be written: \(error)")
    }
  }
}

/// Removes images whose removal dead pods' tasks requested.
struct ImageRemoval: Sendable {
  let engine: DockerEngine
  var leases = ImageLeases()
  let progress: PassHeartbeat
  let log: Logger

  /// The result of a removal.
  struct Outcome: Sendable, Equatable {
    /// The removed images.
    var removed: [String] = []
    /// Why the engine failed for images, which must be tried again.
    var failed: [String] = []
  }

  /// - Parameter names: the images in the format of the label.
  /// - Returns: the removed images, and the failures. An image that is in use, or gone, is neither.
  func remove(_ names: [String]) async -> Outcome {
    var outcome = Outcome()
    for name in names {
      defer { progress.step() }
      do {
        let image = RemovableImage(word: name)
        guard try await image.remove(from: engine, leases) else {
          log.debug(
            "image \(image.name) is not removed: it is in use, or its name refers to another image")
          continue
        }
        if !image.isNameOnly { outcome.removed.append(image.name) }
      } catch let error as EngineError where error.isFinalForImage {
        log.debug("image \(name) is not removed: \(error.message)")
      } catch {
        outcome.failed.append("image \(Printable.text(name)) can't be removed now: \(error)")
        // An engine that refuses one image, as because its files are busy, may remove the others.
        if (error as? EngineError)?.isRefusal != true { break }
      }
    }
    return outcome
  }
}

extension EngineError {
  /// Whether a later attempt to remove an image can't have another result: it is gone, in use, or
  /// its name is invalid. An engine that is being stopped, for example, returns 500 or 503.
  fileprivate var isFinalForImage: Bool {
    guard case .status(let status) = kind else { return false }
    return isConflict || 400..<500 ~= status && ![401, 403, 408, 429].contains(status)
  }
}

extension PodIdentity {
  /// The fields of log lines about the pod.
  var logFields: Logger.Metadata {
    ["task": "\(Printable.text(taskID))", "run": "\(Printable.text(run))"]
  }
}

extension OwedImages {
  /// The fields of log lines about the images.
  var logFields: Logger.Metadata {
    ["task": "\(Printable.text(task))", "run": "\(Printable.text(run))"]
  }
}
