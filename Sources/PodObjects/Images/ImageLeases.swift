import Glibc
import Linux
import PodIdentity
import Synchronization

/// What a pod uses of the engine's images, so that nobody of these programs removes it: a lock (flock(2)) on a file for each
/// name and each ID, shared by those who use it, exclusive for who removes it. The kernel ends it with its process, however
/// that dies.
package final class ImageLeases: Sendable {
  /// Where the files are: memory, root's alone.
  package static let standardDirectory = "\(HostDirectory.path)/images"

  private let directory: String
  private let held = Mutex<[String: Int32]>([:])

  /// Leases; none is held yet.
  package init(directory: String = ImageLeases.standardDirectory) { self.directory = directory }

  deinit { release() }

  /// Holds a lease until it is released, once whoever removes the image is done.
  ///
  /// - Parameters:
  ///   - name: an image's name or ID.
  ///   - limit: how long a removal is waited for.
  ///   - waits: called once when it is.
  /// - Returns: false where there are no leases, as for executors that aren't root, or the removal takes longer.
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

  /// Gives back the leases on some names or IDs.
  package func release(_ names: [String]) {
    for name in names {
      let key = ImageKey.fileName(ImageKey.canonical(name))
      guard let file = held.withLock({ $0.removeValue(forKey: key) }) else { continue }
      Self.discard("\(directory)/\(key)", file)
    }
  }

  /// Gives back all leases.
  package func release() {
    let files = held.withLock { files in
      defer { files = [:] }
      return files
    }
    for (key, file) in files { Self.discard("\(directory)/\(key)", file) }
  }

  /// Does work while nobody holds or gets a lease on some names.
  ///
  /// - Parameters:
  ///   - names: an image's name and ID.
  ///   - work: what to do.
  /// - Returns: what the work gives; nil where somebody has a lease. Where there can be no leases, it is just done.
  /// - Throws: what the work throws.
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

  /// Closes a file, and removes it where nobody else has a lock on it.
  private static func discard(_ path: String, _ file: Int32) {
    var status = stat()
    // Who waits for the lock sees that the file is gone, and makes another.
    if flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &status) == 0, status.st_nlink > 0 {
      unlink(path)
    }
    close(file)
  }

  /// Locks a file that is in its place.
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

  /// Whether a directory is root's, and nobody else can write to it.
  static func isTrusted(_ path: String) -> Bool {
    var status = stat()
    return geteuid() == 0 && lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }
}
