import DockerEngine
import Logging
import PodObjects
import Program

/// The operator's settings for the removal of images that pods have pulled.
struct ImageCareSettings: Sendable, Equatable {
  /// How long an image must be unused.
  var age: Duration
  /// The disk usage in percent above which younger images are removed too, and below which that
  /// stops.
  var high: Int
  var low: Int
  /// The largest number of images that one pass removes.
  var most: Int
  /// Patterns of names that are never removed.
  var keep: [String]
}

/// The result of image care in one pass.
package struct ImageCareReport: Codable, Sendable, Equatable {
  /// The names of the removed images.
  package var removed: [String] = []
  /// The names that could not be removed, with the reason.
  package var failed: [String] = []
  /// In a dry run: the names that a pass would remove.
  package var due: [String] = []
  /// The number of images that pods have pulled, according to the records.
  package var recorded = 0
  /// The number of these images that a container or a launch uses.
  package var used = 0
  /// The usage of the engine's disk in percent; nil if it isn't known.
  package var diskPercent: Int?
  /// The limitations of image care, one per line.
  package var notes: [String] = []
}

/// Removes images that pods have pulled and that are unused, the longest unused first.
///
/// It removes an image by the name that a pod pulled, without force. If the image has other names,
/// they are kept, and so is the image.
struct ImageCare: Sendable {
  /// The progress of a removal. Others may act between any two steps.
  enum Step: Sendable, Equatable {
    case listed
    case decided([String])
    /// From now on no launch can lease the image.
    case locked(String)
    /// The image is unused; it is removed next.
    case checked(String)
    case removed(String)
  }

  let engine: DockerEngine
  let settings: ImageCareSettings
  let records: ImageRecords
  let leases: ImageLeases
  let log: Logger
  /// The current time in seconds since 1970.
  let now: Double
  /// The usage of the engine's disk in percent; nil if it isn't known.
  let diskPercent: @Sendable () async -> Int?
  var removes = true
  /// Called at each step.
  var reached: @Sendable (Step) async -> Void = { _ in }

  /// Finds and removes images.
  ///
  /// - Parameter isReclaiming: whether an earlier pass found the disk too full and usage is still
  ///   above the low mark.
  /// - Returns: the result.
  /// - Throws: `EngineError` if the engine can't be queried; `CancellationError`.
  func run(_ isReclaiming: inout Bool) async throws -> ImageCareReport {
    var report = ImageCareReport()
    let (listed, unreadable) = records.list()
    let there = try await engine.listImageIDs()
    if removes {
      // If an image was removed and exists again later, somebody else has pulled it.
      for record in listed where !there.contains(record.id) { records.remove(record) }
    }
    let all = listed.filter { there.contains($0.id) }
    report.notes = unreadable.sorted().prefix(3).map {
      "record \(Printable.text($0)) can't be parsed, so its image is left alone: remove the file"
    }
    if unreadable.count > 3 {
      report.notes.append("\(unreadable.count - 3) further records can't be parsed")
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
        isOld ? "unused for \(Duration.seconds(now - record.used).text)" : "the disk is full"
      log.notice("removed image \(name): \(why)")
      await reached(.removed(record.name))
      report.diskPercent = await diskPercent()
      isReclaiming = Self.isReclaiming(isReclaiming, report.diskPercent, settings)
    }
    return report
  }

  /// Records that images are in use now.
  ///
  /// - Returns: the records of the unused images.
  private func stamp(
    _ all: [ImageRecords.Record], _ used: Set<String>
  ) -> [ImageRecords.Record] {
    all.filter { record in
      let isUsed = used.contains(record.id)
      // The clock may have been set back: a time of use in the future counts as now.
      if isUsed ? abs(now - record.used) > 600 : record.used > now + 60 {
        ImageRecords.touch(record.path, at: now)
      }
      return !isUsed
    }
  }

  /// Whether younger images are removed: from above the high mark until below the low mark.
  static func isReclaiming(_ before: Bool, _ percent: Int?, _ settings: ImageCareSettings) -> Bool {
    guard let percent, settings.high > 0 else { return false }
    return before ? percent >= settings.low : percent > settings.high
  }

  static func isOld(_ record: ImageRecords.Record, _ age: Duration, now: Double) -> Bool {
    now - record.used > age.inSeconds
  }

  /// The images that may be removed, the longest unused first.
  static func candidates(
    _ free: [ImageRecords.Record], _ age: Duration, _ isReclaiming: Bool, now: Double
  ) -> [ImageRecords.Record] {
    free.filter { isReclaiming || isOld($0, age, now: now) }
      .sorted { ($0.used, $0.name) < ($1.used, $1.name) }
  }

  /// Removes an image unless it is in use by now, or its name was given to another image.
  ///
  /// - Returns: the removed name; nil if nothing was removed.
  private func remove(_ record: ImageRecords.Record) async throws -> String? {
    let removed: String?? = try await leases.exclusively([record.name, record.id]) {
      await reached(.locked(record.name))
      // A pod that has stopped meanwhile used the image until now.
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
        log.debug("image \(record.name) is not removed: \(error.message)")
        return nil
      } catch let error as EngineError where error.isNotFound {
        records.remove(record)
        return nil
      }
      records.remove(record)
      return reference
    }
    // A launch holds a lease.
    if case .none = removed { ImageRecords.touch(record.path, at: now) }
    return removed ?? nil
  }

  /// The pod's reference to its image: the name that it pulled or, if that name is another image's
  /// by now, the digest.
  ///
  /// - Returns: the reference, and all names of the image; nil if neither belongs to the image any
  ///   more.
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
