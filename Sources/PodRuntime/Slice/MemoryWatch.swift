import CLinux
import Cgroups
import Dispatch
import Glibc
import Linux

/// Reports when a slice has reached its memory limit and the kernel kills processes in it.
final class MemoryWatch {
  /// The inode number of the slice's cgroup directory, which changes when the slice is created
  /// anew.
  let group: UInt64
  private let source: ReadSource

  /// Watches a slice's group; nil if it can't be watched.
  ///
  /// - Parameters:
  ///   - files: the slice's files.
  ///   - reached: called each time.
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
      // Events of version 2 have other causes too, and the removal of a group of version 1 is an
      // event.
      if files.memoryHits > 0 { reached() }
    }
  }

  deinit { source.cancel() }
}
