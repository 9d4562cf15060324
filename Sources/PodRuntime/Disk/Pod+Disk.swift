import Compose
import DockerEngine
import Logging

extension PodOptions {
  /// The action when a pod's containers write more than the task's disk holds.
  package enum Disk: String, Sendable, CaseIterable {
    /// A warning is logged.
    case report
    /// The pod fails.
    case enforce
    /// No action: nothing is measured, and no container is limited.
    case off
  }
}

extension Pod {
  /// The task's disk in bytes; nil if it has none, or if the disk option is off.
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

  /// A create request whose container can write at most the task's disk, if the engine can limit
  /// it. A smaller limit in the file is kept.
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

  /// Whether a create failed because of a limit that the file doesn't set. If so, no further limit
  /// is set.
  func dropsDiskQuota(at error: EngineError) -> Bool {
    guard diskQuota != nil, error.message.contains("storage-opt") || error.message.contains("quota")
    else { return false }
    diskQuota = nil
    log.warning("the engine can't limit the containers' disk use: \(error.message)")
    return true
  }

  /// Measures what the containers write, at the interval at which containers are listed. The engine
  /// sums file sizes for this, so at most a fiftieth of the time is spent on it.
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

  /// Reports the disk use, or fails the pod because of it.
  private func handle(_ use: DiskUse, _ limit: Int64) {
    let before = diskUse
    if use.total >= before?.total ?? 0 { diskUse = use }
    guard !isEnding, use.total > limit else { return }
    let line = use.excess(of: request.taskID, over: limit)
    switch request.options.disk {
    case .enforce: fail(line, reason: .diskLimit)
    case .report:
      // Reported again when it has grown by half.
      guard Double(use.total) > 1.5 * Double(reportedDisk ?? 0) else { return }
      reportedDisk = use.total
      log.warning("\(line)")
    case .off: break
    }
  }

  /// Logs the highest disk use that was measured.
  func reportDisk() {
    guard let diskUse, let limit = taskDisk else { return }
    log.info(
      "\(DiskUse.text(diskUse.total)) is the highest measured disk use of the containers; the task's disk is \(DiskUse.text(limit))"
    )
  }
}
