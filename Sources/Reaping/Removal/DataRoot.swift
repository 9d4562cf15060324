import Concurrency
import Dispatch
import DockerEngine
import Glibc
import Linux
import Program
import Synchronization

/// The disk with the images of an engine. A file system that doesn't respond must not block a pass:
/// it is queried on a separate thread, and the number of such threads is limited.
struct DataRoot: Sendable {
  /// The path for this process; nil if the disk can't be reached.
  let path: String?
  /// Why the disk can't be reached.
  let reason: String

  /// The number of threads that wait for a disk.
  private static let waiting = Mutex(0)

  /// Finds the data directory of an engine in the mount namespace of the engine's process.
  ///
  /// - Parameters:
  ///   - root: the directory as reported by the engine.
  ///   - socket: the engine's socket; nil for an engine over a network.
  /// - Returns: the data directory; without a path if it isn't found within five seconds.
  static func find(_ root: String, socket: String?) async -> DataRoot {
    await onThread { DataRoot(root, socket: socket) }
      ?? unknown("the disk of the engine's data doesn't respond")
  }

  private static func unknown(_ reason: String) -> DataRoot {
    DataRoot(path: nil, reason: "\(reason): disk-high and disk-low don't apply, image-age does")
  }

  private init(path: String?, reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  private init(_ root: String, socket: String?) {
    let isPath = root.hasPrefix("/") && !root.split(separator: "/").contains("..")
    guard let socket else {
      self = Self.unknown("the engine isn't on this host, so its disk is unknown")
      return
    }
    guard isPath, let process = UnixSocket.listener(socket) else {
      self = Self.unknown("the engine doesn't report its data directory")
      return
    }
    let seen = process > 0 ? "/proc/\(process)/root\(root)" : root
    var status = stat()
    guard stat(seen + "/containers", &status) == 0 else {
      self = Self.unknown(
        "the engine's data in \(Printable.text(root)) can't be accessed by pod-reaper")
      return
    }
    (path, reason) = (seen, "")
  }

  /// The usage of the disk in percent, computed as in df(1).
  ///
  /// - Returns: nil if it isn't known, or the disk doesn't respond within five seconds.
  func percent() async -> Int? {
    guard let path else { return nil }
    return await Self.onThread { () -> Int? in
      var status = statvfs()
      guard statvfs(path, &status) == 0 else { return nil }
      let used = Double(status.f_blocks) - Double(status.f_bfree)
      let all = used + Double(status.f_bavail)
      return all > 0 && used >= 0 ? Int((used / all * 100).rounded(.up)) : nil
    } ?? nil
  }

  /// - Returns: the result of the body; nil if it takes longer than five seconds, or four earlier
  ///   calls are still blocked.
  private static func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
  ) async -> Result? {
    let isFree = waiting.withLock { count in
      guard count < 4 else { return false }
      count += 1
      return true
    }
    guard isFree else { return nil }
    let (results, sink) = AsyncStream<Result>.makeStream()
    DispatchQueue.global().async {
      let result = body()
      waiting.withLock { $0 -= 1 }
      sink.yield(result)
      sink.finish()
    }
    let found = Mutex<Result?>(nil)
    let work = Task {
      for await result in results { found.withLock { $0 = result } }
    }
    _ = await work.hasEnded(within: .seconds(5))
    return found.withLock(\.self)
  }
}
