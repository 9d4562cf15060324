import DockerEngine
import Logging
import PodObjects
import Program

/// What the operator wants done about images that pods have pulled.
struct ImageCareSettings: Sendable, Equatable {
  /// How long nobody must have used an image.
  var age: Duration
  /// Percent of the data root's disk above which younger ones go as well, and below which that ends.
  var high: Int
  var low: Int
  /// How many are removed in one pass.
  var most: Int
  /// Patterns of names that stay.
  var keep: [String]
}

/// What a pass did about images, and what it knows of them.
package struct ImageCareReport: Codable, Sendable, Equatable {
  /// The names that were removed.
  package var removed: [String] = []
  /// Those that could not be removed, with the reason.
  package var failed: [String] = []
  /// In a dry run: the names that a pass would remove.
  package var due: [String] = []
  /// How many images pods have pulled, as far as that is recorded.
  package var recorded = 0
  /// How many of these a container or a launch uses.
  package var used = 0
  /// Percent of the data root's disk in use; nil where that isn't known.
  package var diskPercent: Int?
  /// What limits the care, a line for each.
  package var notes: [String] = []
}

/// Removes images that pods have pulled and nobody uses any more, the longest unused first.
///
/// It removes by the name that a pod pulled by, without force: names that others gave to the same image stay, and so does the
/// image with them.
struct ImageCare: Sendable {
  /// How far it is; others may act between any two of these.
  enum Step: Sendable, Equatable {
    case listed
    case decided([String])
    /// No launch gets a lease on the image from now on.
    case locked(String)
    /// Nobody uses it; it is removed next.
    case checked(String)
    case removed(String)
  }

  let engine: DockerEngine
  let settings: ImageCareSettings
  let records: ImageRecords
  let leases: ImageLeases
  let log: Logger
  /// Seconds since 1970.
  let now: Double
  /// Percent of the data root's disk in use; nil where that isn't known.
  let diskPercent: @Sendable () async -> Int?
  var removes = true
  /// Called at each step.
  var reached: @Sendable (Step) async -> Void = { _ in }

  /// Looks, decides, and removes.
  ///
  /// - Parameter isReclaiming: whether an earlier pass found the disk too full, and it wasn't emptied enough since.
  /// - Returns: what was done.
  /// - Throws: `EngineError` where the engine can't be asked; `CancellationError`.
  func run(_ isReclaiming: inout Bool) async throws -> ImageCareReport {
    var report = ImageCareReport()
    let (listed, unreadable) = records.list()
    let there = try await engine.listImageIDs()
    if removes {
      // One that was removed by anybody, and is here again later, somebody else has pulled.
      for record in listed where !there.contains(record.id) { records.remove(record) }
    }
    let all = listed.filter { there.contains($0.id) }
    report.notes = unreadable.sorted().prefix(3).map {
      "record \(Printable.text($0)) can't be understood: its image is left alone, remove the file"
    }
    if unreadable.count > 3 {
      report.notes.append("so are \(unreadable.count - 3) further records")
    }
    let used = Set(try await engine.listContainers(all: true).map(\.imageID))
    let free = stamp(all, used)
    (report.recorded, report.used) = (all.count, all.count - free.count)
    await reached(.listed)
    report.diskPercent = await diskPercent()
    isReclaiming = Self.isReclaiming(isReclaiming, report.diskPercent, settings)
    let candidates = Self.candidates(free, settings.age, isReclaiming, now: now)
    await reached(.decided(candidates.map(\.name)))
    guard removes else {
      report.due = candidates.prefix(settings.most).map { Printable.text($0.name) }
      return report
    }
    for record in candidates where report.removed.count < settings.most {
      let isOld = Self.isOld(record, settings.age, now: now)
      guard isOld || isReclaiming else { break }
      let name: String
      do {
        guard let removed = try await remove(record) else { continue }
        name = Printable.text(removed)
      } catch let error as EngineError {
        report.failed.append("\(Printable.text(record.name)): \(Printable.text(error.message))")
        if error.isEngineAway { break }
        continue
      }
      report.removed.append(name)
      let why =
        isOld ? "unused for \(Duration.seconds(now - record.used).words)" : "the disk is full"
      log.notice("removed image \(name): \(why)")
      await reached(.removed(record.name))
      report.diskPercent = await diskPercent()
      isReclaiming = Self.isReclaiming(isReclaiming, report.diskPercent, settings)
    }
    return report
  }

  /// Notes that images are in use now.
  ///
  /// - Returns: the records of the others.
  private func stamp(
    _ all: [ImageRecords.Record], _ used: Set<String>
  ) -> [ImageRecords.Record] {
    all.filter { record in
      let isUsed = used.contains(record.id)
      // The clock may have been set back since: what seems to be used in the future counts as used now.
      if isUsed ? abs(now - record.used) > 600 : record.used > now + 60 {
        ImageRecords.touch(record.path, at: now)
      }
      return !isUsed
    }
  }

  /// Whether younger images go: from above the high mark until below the low one.
  static func isReclaiming(_ before: Bool, _ percent: Int?, _ settings: ImageCareSettings) -> Bool {
    guard let percent, settings.high > 0 else { return false }
    return before ? percent >= settings.low : percent > settings.high
  }

  static func isOld(_ record: ImageRecords.Record, _ age: Duration, now: Double) -> Bool {
    now - record.used > age.inSeconds
  }

  /// What may go, the longest unused first.
  static func candidates(
    _ free: [ImageRecords.Record], _ age: Duration, _ isReclaiming: Bool, now: Double
  ) -> [ImageRecords.Record] {
    free.filter { isReclaiming || isOld($0, age, now: now) }
      .sorted { ($0.used, $0.name) < ($1.used, $1.name) }
  }

  /// Removes an image unless somebody uses it by now, or somebody else has given its name to another.
  ///
  /// - Returns: the name that is removed; nil where none is.
  private func remove(_ record: ImageRecords.Record) async throws -> String? {
    let removed: String?? = try await leases.exclusively([record.name, record.id]) {
      await reached(.locked(record.name))
      // A pod that ended meanwhile has used it until now.
      guard let current = records.read(record.path), current.used == record.used else {
        return nil
      }
      guard let (reference, names) = try await reference(of: record) else {
        records.remove(record)
        return nil
      }
      let isKept = names.contains { name in
        settings.keep.contains { ImageKey.fits($0, name) }
      }
      if isKept { return nil }
      let users = try await engine.listContainers(
        all: true, filters: ["ancestor": [record.id]])
      guard users.isEmpty else { return nil }
      await reached(.checked(record.name))
      do {
        try await engine.removeImage(reference, force: false)
      } catch let error as EngineError where error.isConflict {
        log.debug("image \(record.name) stays: \(error.message)")
        return nil
      } catch let error as EngineError where error.isNotFound {
        records.remove(record)
        return nil
      }
      records.remove(record)
      return reference
    }
    // Somebody has a lease.
    if case .none = removed { ImageRecords.touch(record.path, at: now) }
    return removed ?? nil
  }

  /// The name that is the pod's: the one it pulled by, or where another image has that by now the digest.
  ///
  /// - Returns: that name, and all of the image's; nil where neither is the image's any more.
  private func reference(
    of record: ImageRecords.Record
  ) async throws -> (reference: String, names: [String])? {
    for name in [record.name, record.digest] where !name.isEmpty {
      do {
        let image = try await engine.inspectImage(name)
        guard image.id == record.id else { continue }
        return (name, [record.name] + image.repoTags + image.repoDigests)
      } catch let error as EngineError where error.isNotFound {
        continue
      }
    }
    return nil
  }
}
