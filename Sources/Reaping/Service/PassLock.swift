import Glibc
import SystemPackage

/// Only one pass works at a time, whichever process makes it: a lock file, which the kernel lets go
/// of however its holder dies.
struct PassLock: Sendable {
  let path: String

  /// Does work under the lock.
  ///
  /// - Parameters:
  ///   - limit: how long to wait for another pass.
  ///   - work: what to do.
  /// - Returns: what the work gives; nil if another pass worked all the time.
  /// - Throws: `Errno` where the lock file can't be made, and what the work throws.
  func hold<Result: Sendable>(
    waiting limit: Duration, _ work: () async throws -> Result
  ) async throws -> Result? {
    let deadline = ContinuousClock.now + limit
    var file = try open()
    defer { try? file.close() }
    while true {
      if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 {
        if try isInPlace(file) { break }
        // Somebody removed the file: whoever comes next locks another.
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
