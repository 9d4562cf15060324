import Concurrency
import DockerEngine
import Glibc
import Linux
import Program
import Synchronization

/// The disk that an engine keeps its images on.
struct DataRoot: Sendable {
  /// Its path as this process reaches it; nil where it can't.
  let path: String?
  /// Why it can't be reached.
  let reason: String

  /// Finds the data root of an engine in the mount namespace of the engine's process.
  ///
  /// - Parameters:
  ///   - root: where the engine says that it is.
  ///   - socket: the engine's socket; nil for an engine over a network.
  init(_ root: String, socket: String?) {
    func unknown(_ reason: String) -> (String?, String) {
      (nil, "\(reason): disk-high and disk-low don't apply, image-age does")
    }
    let isPath = root.hasPrefix("/") && !root.split(separator: "/").contains("..")
    guard let socket else {
      (path, reason) = unknown("the engine isn't on this host, so its disk is unknown")
      return
    }
    guard isPath, let process = UnixSocket.listener(socket) else {
      (path, reason) = unknown("the engine doesn't tell where its data is")
      return
    }
    let seen = process > 0 ? "/proc/\(process)/root\(root)" : root
    var status = stat()
    guard stat(seen + "/containers", &status) == 0 else {
      (path, reason) = unknown(
        "the engine's data in \(Printable.text(root)) can't be reached from here")
      return
    }
    (path, reason) = (seen, "")
  }

  /// Percent of its disk in use, as df(1) has it.
  ///
  /// - Returns: nil where that isn't known, or the disk doesn't respond for five seconds.
  func percent() async -> Int? {
    guard let path else { return nil }
    let percent = Mutex<Int?>(nil)
    let measure = Task.detached {
      var status = statvfs()
      guard statvfs(path, &status) == 0 else { return }
      let used = Double(status.f_blocks) - Double(status.f_bfree)
      let all = used + Double(status.f_bavail)
      guard all > 0, used >= 0 else { return }
      percent.withLock { $0 = Int((used / all * 100).rounded(.up)) }
    }
    _ = await measure.hasEnded(within: .seconds(5))
    return percent.withLock(\.self)
  }
}
