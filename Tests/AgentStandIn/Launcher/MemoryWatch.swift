import Foundation
import TestSupport

/// Detects that a v1 memory limit was exceeded, in a cgroup or below it.
enum MemoryWatch {
  /// isolators/cgroups/subsystems/memory.cpp, `oomListen` and `oomWaited`; src/linux/cgroups.cpp,
  /// `event::listen`.
  ///
  /// - Parameters:
  ///   - directory: The run's directory in the memory hierarchy.
  ///   - hit: Called on its own thread with the isolator's message. It isn't called if the
  ///     directory is removed.
  /// - Throws: ``CgroupError``
  static func start(_ directory: CgroupDirectory, hit: @escaping @Sendable (String) -> Void)
    throws(CgroupError)
  {
    let event = GNU.eventfd(0, O_CLOEXEC)
    guard event >= 0 else { throw CgroupError(what: "make an eventfd", code: errno) }
    let control = open("\(directory.path)/memory.oom_control", O_RDONLY | O_CLOEXEC)
    do throws(CgroupError) {
      try directory.write("cgroup.event_control", "\(event) \(control)")
    } catch {
      close(event)
      close(control)
      throw error
    }
    Thread.detachNewThread {
      defer {
        close(event)
        close(control)
      }
      var count: UInt64 = 0
      while read(event, &count, 8) == -1, errno == EINTR {}
      // The removal of the directory also wakes the listener.
      guard directory.exists else { return }
      let limit = number(directory, "memory.limit_in_bytes")
      let most = number(directory, "memory.max_usage_in_bytes")
      let statistics = directory.read("memory.stat") ?? ""
      hit(
        "Memory limit exceeded: Requested: \(limit) Maximum Used: \(most)\n\n"
          + "MEMORY STATISTICS: \n\(statistics)\n")
    }
  }

  /// The notation of stout: the largest unit that gives a whole number.
  private static func number(_ directory: CgroupDirectory, _ file: String) -> String {
    let text = (directory.read(file) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    guard let bytes = UInt64(text) else { return text }
    for (unit, name) in [(1 << 30 as UInt64, "GB"), (1 << 20, "MB"), (1 << 10, "KB")]
    where bytes % unit == 0 && bytes > 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)B"
  }
}
