import Glibc

/// Whether this process may have threads. Dispatch, and with it Swift's concurrency, looks at its
/// own in /proc/self/task, and traps where it doesn't find one: not at once, since it looks only
/// when there is more to do than threads.
enum ThreadTable {
  /// Looks for this thread, which must be the first.
  ///
  /// - Returns: what hinders, in words that name /proc; nil where nothing does.
  static func failure() -> String? {
    let path = "/proc/self/task/\(getpid())/stat"
    let file = open(path, O_RDONLY | O_CLOEXEC)
    var byte: UInt8 = 0
    if file >= 0, read(file, &byte, 1) == 1 {
      close(file)
      return nil
    }
    let reason = String(cString: strerror(file >= 0 ? EIO : errno))
    if file >= 0 { close(file) }
    var target = [CChar](repeating: 0, count: 64)
    if readlink("/proc/self", &target, target.count) > 0, access("/proc/self/stat", R_OK) == 0 {
      return "/proc is another pid namespace's: mount its own (mount -t proc proc /proc)"
    }
    return "/proc can't be read (\(reason)): mount it (mount -t proc proc /proc)"
  }
}
