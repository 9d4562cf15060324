import Glibc

/// Checks whether this process can have threads. Dispatch, and therefore Swift's concurrency, looks
/// up its threads in /proc/self/task and traps where one is missing. It does so only when there is
/// more work than threads, so the crash comes late.
enum ThreadTable {
  /// Looks for the calling thread, which must be the first thread.
  ///
  /// - Returns: the problem with /proc and its fix; nil where there is none.
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
      return "/proc belongs to another pid namespace: mount a new one (mount -t proc proc /proc)"
    }
    return "/proc can't be read (\(reason)): mount it (mount -t proc proc /proc)"
  }
}
