import DockerEngine
import Glibc
import Linux
import Logging
import PodIdentity
import PodObjects
import Program

extension Reaper {
  /// Creates the directories in which executors record images, and removes what killed executors
  /// left in them. Only root may write to them, so only root creates them.
  func prepareImageState() {
    guard geteuid() == 0 else { return }
    let state = ImageState(path: settings.stateDirectory)
    var directories = [state.promisesDirectory]
    if settings.imageCare != nil { directories.append(state.recordsDirectory) }
    for directory in directories {
      do {
        try PrivateFile.directory(directory)
      } catch {
        logOnce("images", "\(directory) can't be used, so executors can't report images: \(error)")
      }
    }
    state.removeUnfinished()
  }

  /// Removes unused images that pods have pulled, according to the operator's settings.
  ///
  /// - Returns: the result; nil if image care is off.
  /// - Throws: `CancellationError`.
  func careForImages() async throws -> ImageCareReport? {
    guard let wanted = settings.imageCare else { return nil }
    var report = ImageCareReport()
    guard geteuid() == 0 else {
      report.notes = ["image care needs root: only root's records of pulled images are trusted"]
      return finishCare(report)
    }
    guard !ForgottenFlags.lacksLeases(environment: ProcessEnvironment.current) else {
      report.notes = [
        "image care needs \(HostDirectory.path) of the host, where executors record the images that they use"
      ]
      return finishCare(report)
    }
    do {
      let info = try await engine.info()
      let state = ImageState(path: settings.stateDirectory)
      guard let records = ImageRecords(state, engine: info.id) else {
        report.notes = ["the engine has no ID, so images of pods can't be identified"]
        return finishCare(report)
      }
      let root = await DataRoot.find(info.dockerRootDir, socket: engine.endpoint.socketPath)
      let care = ImageCare(
        engine: engine, settings: wanted, records: records, leases: ImageLeases(), log: log,
        now: Double(time(nil)), diskPercent: { await root.percent() }, removes: !dryRun,
        reached: { [progress] _ in progress.step() })
      var isReclaiming = isReclaimingDisk
      report = try await care.run(&isReclaiming)
      isReclaimingDisk = isReclaiming
      if wanted.high > 0, report.diskPercent == nil {
        report.notes.append(
          root.path == nil
            ? root.reason
            : "the disk of the engine's data doesn't respond: disk-high and disk-low don't apply")
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      report.notes.append("the engine can't be queried: \(Printable.text("\(error)"))")
    }
    return finishCare(report)
  }

  private func finishCare(_ report: ImageCareReport) -> ImageCareReport {
    record(report)
    for (index, note) in report.notes.enumerated() {
      logOnce("care \(index)", "image care: \(note)")
    }
    for failure in report.failed { logOnce("care \(failure)", "image not removed: \(failure)") }
    return report
  }

  /// Takes over the promises of dead executors to remove images.
  ///
  /// - Parameter run: only this run; nil for all.
  func takePromises(of run: String?) async {
    let promises = ImagePromises(ImageState(path: settings.stateDirectory))
    let all = promises.list().filter { run == nil || $0.run == run }
    guard !all.isEmpty, ProcessTableCheck.failure() == nil,
      let id = try? await engine.info().id
    else { return }
    let dead = all.filter { $0.engine == id && isDead($0.incarnation) }
    guard !dead.isEmpty, ledger.record(dead.map(OwedImages.init), log) else { return }
    for promise in dead { promises.remove(promise) }
  }

  /// Whether an executor of this host is certainly dead. Promises are always of this host.
  private func isDead(_ incarnation: Incarnation) -> Bool {
    guard let boot = host.bootID, let other = incarnation.bootID else { return false }
    if boot != other { return true }
    guard case .gone? = incarnation.inspect() else { return false }
    return true
  }

  /// Removes the images of pods without containers, as their executors would have done. It is no
  /// failure if an image is used by another container, has further names, or is gone. If the engine
  /// fails or becomes unavailable, a later pass tries again.
  ///
  /// - Parameters:
  ///   - pods: the pods on the engine.
  ///   - run: the only run that was listed; nil for all.
  ///   - results: the results of removals; the removed images are added.
  func removeImages(
    _ pods: [PodIdentity: DiscoveredPod], of run: String?,
    _ results: inout [PodIdentity: RemovalResult]
  ) async {
    let removal = ImageRemoval(engine: engine, progress: progress, log: log)
    var done: Set<OwedImages> = []
    let debts = ledger.imageDebts.debts
    let podsOfRun = debts.isEmpty ? [:] : Dictionary(grouping: pods.values, by: \.identity.run)
    // It isn't known whether pods of other runs have containers.
    for debt in debts where run == nil || debt.run == run {
      let owners = (podsOfRun[debt.run] ?? []).filter {
        debt.isOf($0.identity) && !$0.objects.of(.container).isEmpty
      }
      let areGone = owners.allSatisfy { pod in
        results[pod.identity]?.failed.contains { $0.kind == "containers" } == false
      }
      guard areGone else { continue }
      let outcome = await removal.remove(debt.images)
      for failure in outcome.failed { logOnce("owed \(failure)", failure) }
      if ledger.isSettled(debt, failed: !outcome.failed.isEmpty) {
        done.insert(debt)
        if let failure = outcome.failed.first {
          log.warning("given up after a day: \(failure)", metadata: debt.logFields)
        }
      }
      if outcome.removed.isEmpty { continue }
      log.notice(
        "removed images: \(outcome.removed.joined(separator: " "))", metadata: debt.logFields)
      if let identity = results.keys.first(where: debt.isOf) {
        results[identity]?.removed["images", default: []] += outcome.removed
      } else {
        ledger.counters.removed["images", default: 0] += outcome.removed.count
      }
    }
    ledger.pay(done, log)
  }

  /// Logs a warning. A warning of the same kind is logged again only after its text has changed.
  func logOnce(_ kind: String, _ text: String) {
    guard logged[kind] != text else { return }
    if logged.count > 100 { logged = [:] }
    logged[kind] = text
    log.warning("\(text)")
  }

  /// Counts the result of image care.
  func record(_ report: ImageCareReport) {
    ledger.counters.removed["images", default: 0] += report.removed.count
    ledger.counters.failed["images", default: 0] += report.failed.count
    ledger.counters.images = report
  }
}
