import Glibc
import Linux
import SystemPackage

/// The directories in which executors record images for pod-reaper. A pod-reaper that runs as root
/// creates them in its state directory; without them nothing is recorded. They survive a reboot.
package struct ImageState: Sendable, Equatable {
  /// The default of pod-reaper's state directory.
  package static let standardPath = "/var/lib/compose-pods"
  /// The environment variable that gives executors another one, which a pod-reaper of root must
  /// have created.
  package static let variable = "COMPOSE_EXECUTOR_REAPER_STATE_DIR"

  /// The state directory.
  package let path: String

  /// - Parameter path: the state directory.
  package init(path: String = ImageState.standardPath) { self.path = path }

  /// - Parameter environment: an executor's environment.
  package init(environment: [String: String]) {
    let named = environment[Self.variable] ?? ""
    path = named.isEmpty ? Self.standardPath : named
  }

  /// The images that pods have pulled. It exists if pod-reaper cleans up images.
  package var recordsDirectory: String { "\(path)/image-records" }
  /// The images to remove with pods. Every pod-reaper of root creates it.
  package var promisesDirectory: String { "\(path)/image-promises" }

  /// An engine's ID as a directory name; nil for an engine without an ID.
  package static func engineKey(_ id: String) -> String? {
    id.isEmpty || id.utf8.count > 200 ? nil : ImageKey.fileName(id)
  }

  /// Replaces a file atomically; on a full disk the previous file remains.
  static func write(_ lines: [String], to path: String) throws(Errno) {
    let name = path.lastIndex(of: "/") ?? path.startIndex
    // No record's name begins with a dot.
    let unique = "\(getpid()).\(UInt32.random(in: 0...(.max)))"
    let temporary = "\(path[..<name])/\(temporaryPrefix)\(unique)"
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else {
        let reason = count < 0 ? errno : ENOSPC
        if reason == EINTR { continue }
        unlink(temporary)
        throw Errno(rawValue: reason)
      }
      rest = rest.dropFirst(count)
    }
    guard rename(temporary, path) == 0 else {
      let reason = errno
      unlink(temporary)
      throw Errno(rawValue: reason)
    }
  }

  private static let temporaryPrefix = ".new."

  /// Removes files that killed processes have left in the directories instead of renaming them. A
  /// process needs no time between creating and renaming a file, unless it is stopped.
  ///
  /// - Parameter age: how old such a file must be.
  package func removeUnfinished(olderThan age: Duration = .seconds(600)) {
    let keys =
      ImageLeases.isTrusted(recordsDirectory)
      ? (try? Directory.names(of: recordsDirectory)) ?? [] : []
    let engines = keys.map { "\(recordsDirectory)/\($0)" }
    let latest = time(nil) - Int(age.components.seconds)
    for directory in [promisesDirectory] + engines where ImageLeases.isTrusted(directory) {
      for name in (try? Directory.names(of: directory)) ?? []
      where name.hasPrefix(Self.temporaryPrefix) {
        var status = stat()
        let path = "\(directory)/\(name)"
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
          status.st_mtim.tv_sec <= latest
        else { continue }
        unlink(path)
      }
    }
  }

  /// The fields of a file that root wrote, one per line: a key, a space, a value.
  ///
  /// - Returns: nil for a file that root didn't write, or that is invalid.
  static func read(_ path: String) -> (fields: [(key: String, value: String)], modified: Double)? {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == 0,
      status.st_mode & (S_IWGRP | S_IWOTH) == 0, status.st_nlink == 1,
      let text = try? TextFile.text(of: file, limit: 1 << 20), text.hasSuffix("\n")
    else { return nil }
    var fields: [(key: String, value: String)] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      fields.append((String(parts[0]), String(parts[1])))
    }
    let time = status.st_mtim
    return (fields, Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
  }

  /// Whether a text can be the value of a line.
  static func isValue(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
  }
}
