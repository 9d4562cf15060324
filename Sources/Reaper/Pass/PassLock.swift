import Glibc
import SystemPackage

/// Only one pass works at a time, whichever process makes it: a lock file, which the kernel lets go of however
/// its holder dies.
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
    let file = try FileDescriptor.open(
      FilePath(path), .readWrite, options: [.create, .noFollow, .closeOnExec],
      permissions: [.ownerReadWrite])
    defer { try? file.close() }
    let deadline = ContinuousClock.now + limit
    while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw Errno(rawValue: errno) }
      if ContinuousClock.now >= deadline { return nil }
      try await Task.sleep(for: .milliseconds(50))
    }
    return try await work()
  }
}
