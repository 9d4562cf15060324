import Glibc
import Linux
import PodIdentity
import Synchronization

/// Leases of the images that a pod uses, which prevent executors and pod-reaper from removing them.
/// A lease is a lock (flock(2)) on a file for each name and each ID, shared between users,
/// exclusive for a removal. The kernel releases it when its process exits or crashes.
package final class ImageLeases: Sendable {
  /// The directory of the files, in memory and accessible only to root.
  package static let standardDirectory = "\(HostDirectory.path)/images"

  private let directory: String
  private let held = Mutex<[String: Int32]>([:])

  /// Creates leases without holding any.
  package init(directory: String = ImageLeases.standardDirectory) { self.directory = directory }

  deinit { release() }

  /// Acquires a lease until it is released, after any removal of the image has completed.
  ///
  /// - Parameters:
  ///   - name: an image's name or ID.
  ///   - limit: how long to wait for a removal.
  ///   - waits: called once if a removal is in progress.
  /// - Returns: false if leases aren't available, as for executors that don't run as root, or if
  ///   the removal takes longer.
  /// - Throws: `CancellationError`.
  package func hold(
    _ name: String, within limit: Duration, waits: @Sendable () -> Void = {}
  ) async throws -> Bool {
    let key = ImageKey.fileName(ImageKey.canonical(name))
    if held.withLock({ $0[key] != nil }) { return true }
    guard prepare() else { return false }
    let deadline = ContinuousClock.now + limit
    var hasWaited = false
    while true {
      let (file, isBusy) = Self.lock("\(directory)/\(key)", LOCK_SH)
      if let file {
        let extra = held.withLock { files in
          if files[key] != nil { return Optional(file) }
          files[key] = file
          return nil
        }
        if let extra { close(extra) }
        return true
      }
      guard isBusy, ContinuousClock.now < deadline else { return false }
      if !hasWaited { waits() }
      hasWaited = true
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Releases the leases on some names or IDs.
  package func release(_ names: [String]) {
    for name in names {
      let key = ImageKey.fileName(ImageKey.canonical(name))
      guard let file = held.withLock({ $0.removeValue(forKey: key) }) else { continue }
      Self.discard("\(directory)/\(key)", file)
    }
  }

  /// Releases all leases.
  package func release() {
    let files = held.withLock { files in
      defer { files = [:] }
      return files
    }
    for (key, file) in files { Self.discard("\(directory)/\(key)", file) }
  }

  /// Runs `work` while no process has or acquires a lease on the names.
  ///
  /// - Parameters:
  ///   - names: an image's name and ID.
  ///   - work: the work.
  /// - Returns: the result of the work; nil if a process has a lease. If leases aren't available,
  ///   the work runs without them.
  /// - Throws: the error of the work.
  package func exclusively<Result: Sendable>(
    _ names: [String], _ work: () async throws -> Result
  ) async throws -> Result? {
    guard prepare() else { return try await work() }
    var files: [(path: String, file: Int32)] = []
    defer {
      for (path, file) in files {
        unlink(path)
        close(file)
      }
    }
    for key in Set(names.map { ImageKey.fileName(ImageKey.canonical($0)) }).sorted() {
      let path = "\(directory)/\(key)"
      guard let file = Self.lock(path, LOCK_EX).file else { return nil }
      files.append((path, file))
    }
    return try await work()
  }

  /// Removes the files of executors that are gone.
  package static func removeAbandoned(in directory: String = standardDirectory) {
    guard isTrusted(directory) else { return }
    for name in (try? Directory.names(of: directory)) ?? [] {
      let path = "\(directory)/\(name)"
      let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      if file >= 0 { discard(path, file) }
    }
  }

  /// Closes a file, and removes it if no other process has a lock on it.
  private static func discard(_ path: String, _ file: Int32) {
    var status = stat()
    // A process that waits for the lock sees that the file is gone, and creates another.
    if flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &status) == 0, status.st_nlink > 0 {
      unlink(path)
    }
    close(file)
  }

  /// Locks a file, and verifies that it still has its name.
  private static func lock(_ path: String, _ kind: Int32) -> (file: Int32?, isBusy: Bool) {
    while true {
      let file = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
      guard file >= 0 else { return (nil, errno == EINTR) }
      guard flock(file, kind | LOCK_NB) == 0 else {
        let isBusy = errno == EWOULDBLOCK || errno == EINTR
        close(file)
        return (nil, isBusy)
      }
      var status = stat()
      if fstat(file, &status) == 0, status.st_nlink > 0 { return (file, false) }
      close(file)
    }
  }

  private func prepare() -> Bool {
    guard geteuid() == 0 else { return false }
    mkdir(String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)]), 0o711)
    mkdir(directory, 0o700)
    return Self.isTrusted(directory)
  }

  /// Whether a directory is owned by root and not writable by other users.
  static func isTrusted(_ path: String) -> Bool {
    var status = stat()
    return geteuid() == 0 && lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }
}
