import Logging
import Synchronization

/// The directories and sockets that others reach the service by. Somebody who cleans up below /run
/// takes them away, or renames them, while it runs: each pass makes again what is gone.
final class Places: Sendable {
  private let lacking: [String]
  private let makeFolders: @Sendable () throws -> Void
  private let sockets = Mutex<[any Restorable]>([])

  /// - Parameters:
  ///   - lacking: what will be missing as long as this program runs.
  ///   - makeFolders: makes the directories that are gone, and checks those that are there.
  init(lacking: [String] = [], makeFolders: @escaping @Sendable () throws -> Void = {}) {
    self.lacking = lacking
    self.makeFolders = makeFolders
  }

  /// Adds what is to be there; nil is nothing.
  func add(_ more: [(any Restorable)?]) { sockets.withLock { $0 += more.compactMap { $0 } } }

  /// Makes again what is gone, never in the place of something else.
  ///
  /// - Parameter log: told of what was made, and of what couldn't be.
  /// - Returns: what is missing still.
  func restore(_ log: Logger) -> [String] {
    do {
      try makeFolders()
    } catch {
      // Others may write to what is there instead: no socket goes into it.
      log.error("\(error)")
      return lacking + ["\(error)"]
    }
    var missing = lacking
    for socket in sockets.withLock(\.self) {
      do throws(RestoreFailure) {
        for path in try socket.restore() { log.warning("\(path) was gone: it is made again") }
      } catch {
        log.error("\(error)")
        missing.append("\(error)")
      }
    }
    return missing
  }
}
