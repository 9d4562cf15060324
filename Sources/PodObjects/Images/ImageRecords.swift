import Glibc
import Linux
import SystemPackage

/// The images that pods have pulled from registries, with the time of their last use: a file for
/// each name and image below pod-reaper's state directory. A file's content never changes; its
/// modification time is the last use.
package struct ImageRecords: Sendable, Equatable {
  /// An image that a pod pulled.
  package struct Record: Sendable, Equatable {
    /// The name by which it was pulled.
    package var name: String
    /// The image's ID.
    package var id: String
    /// Its name by digest in the same repository; empty if the engine had none.
    package var digest: String
    /// The time of its last use, in seconds since 1970.
    package var used: Double
    /// The record's file.
    package var path: String
  }

  /// The directory of the engine's records.
  private let directory: String
  private let base: String

  /// - Parameters:
  ///   - state: pod-reaper's state directory.
  ///   - engine: the engine's ID; nil is returned for an engine without one, which can't have
  ///     records.
  package init?(_ state: ImageState, engine: String) {
    guard let key = ImageState.engineKey(engine) else { return nil }
    base = state.recordsDirectory
    directory = "\(base)/\(key)"
  }

  /// Whether images are recorded on this host: pod-reaper cleans up images, and this program is
  /// root.
  package var areKept: Bool { ImageLeases.isTrusted(base) }

  /// Records that a pod has just pulled an image.
  ///
  /// - Throws: `Errno`, such as on a full disk; pod-reaper then leaves the image alone.
  package func add(name: String, id: String, digest: String) throws(Errno) {
    guard areKept else { return }
    guard ImageState.isValue(name), ImageState.isValue(id) else { throw .invalidArgument }
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    guard ImageLeases.isTrusted(directory) else { throw .permissionDenied }
    var lines = ["name \(name)", "id \(id)"]
    if ImageState.isValue(digest) { lines.append("digest \(digest)") }
    try ImageState.write(lines, to: path(name, id))
  }

  /// Records the use of images up to a time. This needs no space on the disk.
  ///
  /// - Parameters:
  ///   - ids: the images' IDs.
  ///   - time: the time in seconds since 1970; nil for now.
  package func touch(_ ids: some Sequence<String>, at time: Double? = nil) {
    let ends = Set(ids.map(Self.end))
    guard !ends.isEmpty, areKept else { return }
    for name in (try? Directory.names(of: directory)) ?? [] {
      guard let mark = name.lastIndex(of: "#"), ends.contains(String(name[mark...])) else {
        continue
      }
      Self.touch("\(directory)/\(name)", at: time)
    }
  }

  /// Sets the time of a record's last use.
  package static func touch(_ path: String, at time: Double?) {
    var now = timespec(tv_sec: 0, tv_nsec: utimeNow)
    if let time { now = timespec(tv_sec: Int(time), tv_nsec: 0) }
    let times = [now, now]
    _ = times.withUnsafeBufferPointer {
      utimensat(AT_FDCWD, path, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
    }
  }

  /// UTIME_NOW of utimensat(2), a macro with a cast that Swift doesn't import.
  private static let utimeNow = (1 << 30) - 1

  /// Whether a pod pulled the image with an ID, by any name.
  package func has(_ id: String) -> Bool {
    list().records.contains { $0.id == id }
  }

  /// All records of the engine.
  ///
  /// - Returns: the records, and the names of files that are no valid records, whose images are
  ///   left alone.
  package func list() -> (records: [Record], unreadable: [String]) {
    guard areKept, ImageLeases.isTrusted(directory) else { return ([], []) }
    var records: [Record] = []
    var unreadable: [String] = []
    for name in (try? Directory.names(of: directory)) ?? [] where !name.hasPrefix(".") {
      let path = "\(directory)/\(name)"
      guard let found = read(path) else {
        var status = stat()
        if lstat(path, &status) == 0 { unreadable.append(name) }
        continue
      }
      records.append(found)
    }
    return (records, unreadable)
  }

  /// The current record in a file; nil if it is gone or invalid.
  package func read(_ path: String) -> Record? {
    guard let (fields, modified) = ImageState.read(path) else { return nil }
    let values = Dictionary(fields.map { ($0.key, $0.value) }) { first, _ in first }
    guard let name = values["name"], let id = values["id"], id.hasPrefix("sha256:"),
      path == self.path(name, id)
    else { return nil }
    return Record(
      name: name, id: id, digest: values["digest"] ?? "", used: modified, path: path)
  }

  /// Removes an image's record.
  package func remove(_ record: Record) { unlink(record.path) }

  private func path(_ name: String, _ id: String) -> String {
    "\(directory)/\(ImageKey.fileName(ImageKey.canonical(name)))\(Self.end(id))"
  }

  private static func end(_ id: String) -> String {
    "#\(ImageKey.fileName(String(id.drop { $0 != ":" }.dropFirst().prefix(32))))"
  }
}
