import Glibc
import SystemPackage

/// A lock file that permits one pass at a time among all processes. The kernel releases the lock
/// however its holder dies.
struct PassLock: Sendable {
  let path: String

  /// Runs `work` under the lock.
  ///
  /// - Parameters:
  ///   - limit: how long to wait for another pass.
  ///   - work: the work.
  /// - Returns: the result of the work; nil if another pass held the lock all the time.
  /// - Throws: `Errno` if the lock file can't be created, and the errors of the work.
  func hold<Result: Sendable>(
    waiting limit: Duration, _ work: () async throws -> Result
  ) async throws -> Result? {
    let deadline = ContinuousClock.now + limit
    var file = try open()
    defer { try? file.close() }
    while true {
      if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 {
        if try isInPlace(file) { break }
        // The file was removed, so another process would lock a new file.
        let next = try open()
        try? file.close()
        file = next
        continue
      }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw Errno(rawValue: errno) }
      if ContinuousClock.now >= deadline { return nil }
      try await Task.sleep(for: .milliseconds(50))
    }
    return try await work()
  }

  private func open() throws -> FileDescriptor {
    try FileDescriptor.open(
      FilePath(path), .readWrite, options: [.create, .noFollow, .closeOnExec],
      permissions: [.ownerReadWrite])
  }

  private func isInPlace(_ file: FileDescriptor) throws -> Bool {
    var (held, found) = (stat(), stat())
    guard fstat(file.rawValue, &held) == 0 else { throw Errno(rawValue: errno) }
    return lstat(path, &found) == 0 && found.st_ino == held.st_ino && found.st_dev == held.st_dev
  }
}
