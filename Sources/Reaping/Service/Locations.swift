import Logging
import Synchronization

/// The directories and sockets by which others reach the service. A cleanup of /run may remove or
/// rename them while the service runs. Each pass creates the missing ones again.
final class Locations: Sendable {
  private let lacking: [String]
  private let makeDirectories: @Sendable () throws -> Void
  private let sockets = Mutex<[any Restorable]>([])

  /// - Parameters:
  ///   - lacking: what is missing as long as this program runs.
  ///   - makeDirectories: creates the missing directories, and checks the existing ones.
  init(lacking: [String] = [], makeDirectories: @escaping @Sendable () throws -> Void = {}) {
    self.lacking = lacking
    self.makeDirectories = makeDirectories
  }

  /// Adds sockets; nil elements are ignored.
  func add(_ more: [(any Restorable)?]) { sockets.withLock { $0 += more.compactMap { $0 } } }

  /// Creates the missing directories and sockets again, but never replaces other files.
  ///
  /// - Parameter log: receives the changes and failures.
  /// - Returns: what is still missing.
  func restore(_ log: Logger) -> [String] {
    do {
      try makeDirectories()
    } catch {
      // Other users may be able to write to that directory: no socket may be created in it.
      log.error("\(error)")
      return lacking + ["\(error)"]
    }
    var missing = lacking
    for socket in sockets.withLock(\.self) {
      do throws(RestoreFailure) {
        for path in try socket.restore() { log.warning("\(path) was removed: it is created again") }
      } catch {
        log.error("\(error)")
        missing.append("\(error)")
      }
    }
    return missing
  }
}
