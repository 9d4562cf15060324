import Glibc
import Linux
import SystemPackage

/// What pods have pulled from registries, and when each was used last: a file for each name and image below the state
/// directory of pod-reaper. Its content never changes; its modification time is the last use.
package struct ImageRecords: Sendable, Equatable {
  /// An image as a pod pulled it.
  package struct Record: Sendable, Equatable {
    /// The name that it was pulled by.
    package var name: String
    /// The image's ID.
    package var id: String
    /// Its name by digest, of the same repository; empty where the engine had none.
    package var digest: String
    /// When it was used last, in seconds since 1970.
    package var used: Double
    /// The record's file.
    package var path: String
  }

  /// Where the engine's records are.
  private let directory: String
  private let base: String

  /// - Parameters:
  ///   - state: where pod-reaper keeps its state.
  ///   - engine: the engine's ID; nil for an engine without one, which can't have records.
  package init?(_ state: ImageState, engine: String) {
    guard let key = ImageState.engineKey(engine) else { return nil }
    base = state.recordsDirectory
    directory = "\(base)/\(key)"
  }

  /// Whether records are kept on this host: pod-reaper cares for images, and this program is root.
  package var areKept: Bool { ImageLeases.isTrusted(base) }

  /// Notes that a pod has pulled an image, now.
  ///
  /// - Throws: `Errno`, such as on a full disk: the image is nobody's to care for then.
  package func add(name: String, id: String, digest: String) throws(Errno) {
    guard areKept else { return }
    guard ImageState.isValue(name), ImageState.isValue(id) else { throw .invalidArgument }
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    guard ImageLeases.isTrusted(directory) else { throw .permissionDenied }
    var lines = ["name \(name)", "id \(id)"]
    if ImageState.isValue(digest) { lines.append("digest \(digest)") }
    try ImageState.write(lines, to: path(name, id))
  }

  /// Notes that images are used, or were until now; needs no room on the disk.
  ///
  /// - Parameters:
  ///   - ids: the images' IDs.
  ///   - time: when, in seconds since 1970; nil for now.
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

  /// UTIME_NOW of utimensat(2), which is a macro with a cast.
  private static let utimeNow = (1 << 30) - 1

  /// Whether a pod pulled the image with an ID, by whichever name.
  package func has(_ id: String) -> Bool {
    list().records.contains { $0.id == id }
  }

  /// All records of the engine.
  ///
  /// - Returns: them, and the names of files that are none: their images are left alone.
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

  /// A record as it is now; nil where it is gone, or isn't one.
  package func read(_ path: String) -> Record? {
    guard let (fields, modified) = ImageState.read(path) else { return nil }
    let values = Dictionary(fields.map { ($0.key, $0.value) }) { first, _ in first }
    guard let name = values["name"], let id = values["id"], id.hasPrefix("sha256:"),
      path == self.path(name, id)
    else { return nil }
    return Record(
      name: name, id: id, digest: values["digest"] ?? "", used: modified, path: path)
  }

  /// Forgets an image.
  package func remove(_ record: Record) { unlink(record.path) }

  private func path(_ name: String, _ id: String) -> String {
    "\(directory)/\(ImageKey.fileName(ImageKey.canonical(name)))\(Self.end(id))"
  }

  private static func end(_ id: String) -> String {
    "#\(ImageKey.fileName(String(id.drop { $0 != ":" }.dropFirst().prefix(32))))"
  }
}
