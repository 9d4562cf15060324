import Compose
import DockerEngine
import Logging

extension PodOptions {
  /// What follows when a pod's containers write more than the task's disk holds.
  public enum Disk: String, Sendable, CaseIterable {
    /// A line in the log.
    case report
    /// The pod fails.
    case enforce
    /// Nothing: nobody measures, and no container is limited.
    case off
  }
}

extension Pod {
  /// The task's disk in bytes; nil where it has none, or it doesn't matter.
  var taskDisk: Int64? {
    guard request.options.disk != .off, let disk = request.limits?.disk, disk > 0 else {
      return nil
    }
    return disk
  }

  /// Finds out whether the engine can limit what containers write.
  func findDiskQuota() async {
    guard let disk = taskDisk else { return }
    let known = try? await info?.value
    let found = if let known { known } else { try? await engine.info() }
    guard let found, DiskQuota.isThere(found, socket: engine.endpoint.socketPath) else { return }
    diskQuota = disk
  }

  /// A request whose container can write no more than the task's disk holds, where the engine can limit it; a file may ask
  /// for less.
  func limitingDisk(_ body: ContainerCreate) -> ContainerCreate {
    guard let diskQuota else { return body }
    var body = body
    let own = body.hostConfig?.storageOpt?["size"].flatMap { ByteSize($0)?.bytes }
    if let own, own > 0, own <= diskQuota { return body }
    var options = body.hostConfig?.storageOpt ?? [:]
    options["size"] = "\(diskQuota)"
    body.hostConfig?.storageOpt = options
    return body
  }

  /// Whether a create failed at a limit that the file didn't ask for; from then on there is none.
  func dropsDiskQuota(at error: EngineError) -> Bool {
    guard diskQuota != nil, error.message.contains("storage-opt") || error.message.contains("quota")
    else { return false }
    diskQuota = nil
    log.warning("the engine can't limit what containers write: \(error.message)")
    return true
  }

  /// Measures what the containers write, as often as the containers are listed, unless that takes long: an engine sums up
  /// files, so that at most a fiftieth of the time is spent on it.
  func watchDisk() async {
    guard let limit = taskDisk else { return }
    var pause = request.timeouts.relist
    while !isEnding {
      do { try await Task.sleep(for: pause) } catch { return }
      guard hasComeUp, !isEnding, !presence.isAway else { continue }
      let began = ContinuousClock.now
      let engine = engine
      let filters = ["label": labelFilter]
      guard
        let containers = try? await engine.listContainers(
          all: true, filters: filters, withSizes: true)
      else { continue }
      pause = max(request.timeouts.relist, (.now - began) * 50)
      handle(DiskUse(containers), limit)
    }
  }

  /// Reports the use of a disk, or fails the pod for it.
  private func handle(_ use: DiskUse, _ limit: Int64) {
    let before = diskUse
    if use.total >= before?.total ?? 0 { diskUse = use }
    guard !isEnding, use.total > limit else { return }
    let line = use.excess(of: request.taskID, over: limit)
    switch request.options.disk {
    case .enforce: fail(line, reason: .diskLimit)
    case .report:
      // Said again once it is half as much more.
      guard Double(use.total) > 1.5 * Double(reportedDisk ?? 0) else { return }
      reportedDisk = use.total
      log.warning("\(line)")
    case .off: break
    }
  }

  /// Says how much was written at most, as far as that was measured.
  func reportDisk() {
    guard let diskUse, let limit = taskDisk else { return }
    log.info(
      "\(DiskUse.words(diskUse.total)) is the most that was measured of what the containers wrote; the task's disk is \(DiskUse.words(limit))"
    )
  }
}
