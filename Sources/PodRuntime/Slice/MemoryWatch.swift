import CLinux
import Cgroups
import Dispatch
import Glibc
import Linux

/// Tells when a slice has reached its memory limit, and the kernel has begun to kill in it.
final class MemoryWatch {
  /// The slice's group, by the number of its directory: one that is made again is another.
  let group: UInt64
  private let source: ReadSource

  /// Watches a slice's group; nil where it can't be watched.
  ///
  /// - Parameters:
  ///   - files: its files.
  ///   - reached: called for each time.
  init?(_ files: SliceFiles, reached: @escaping @Sendable () -> Void) {
    guard let path = files.group("memory") else { return nil }
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    group = UInt64(status.st_ino)
    let descriptor = linux_watch_memory(path, files.version == .v2 ? 1 : 0)
    guard descriptor >= 0 else { return nil }
    source = ReadSource(descriptor, on: .global()) {
      var bytes = [UInt8](repeating: 0, count: 4096)
      while read(descriptor, &bytes, bytes.count) > 0 {}
      // The events of version 2 come of other causes too, and the end of a group of version 1 is an event.
      if files.memoryHits > 0 { reached() }
    }
  }

  deinit { source.cancel() }
}
