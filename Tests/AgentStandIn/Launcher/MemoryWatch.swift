import Foundation
import TestSupport

/// Waits for a v1 memory limit to be hit, anywhere below.
enum MemoryWatch {
  /// isolators/cgroups/subsystems/memory.cpp, `oomListen` and `oomWaited`; src/linux/cgroups.cpp, `event::listen`.
  ///
  /// - Parameters:
  ///   - folder: The run's folder in the memory hierarchy.
  ///   - hit: Called on a thread of its own with the isolator's words; not if the folder is removed.
  /// - Throws: ``CgroupError``
  static func start(_ folder: CgroupFolder, hit: @escaping @Sendable (String) -> Void)
    throws(CgroupError)
  {
    let event = GNU.eventfd(0, O_CLOEXEC)
    guard event >= 0 else { throw CgroupError(what: "make an eventfd", code: errno) }
    let control = open("\(folder.path)/memory.oom_control", O_RDONLY | O_CLOEXEC)
    do throws(CgroupError) {
      try folder.write("cgroup.event_control", "\(event) \(control)")
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
      // Removing the folder wakes the listener too.
      guard folder.exists else { return }
      let limit = number(folder, "memory.limit_in_bytes")
      let most = number(folder, "memory.max_usage_in_bytes")
      let statistics = folder.read("memory.stat") ?? ""
      hit(
        "Memory limit exceeded: Requested: \(limit) Maximum Used: \(most)\n\n"
          + "MEMORY STATISTICS: \n\(statistics)\n")
    }
  }

  /// As stout writes bytes: the largest unit that fits without a rest.
  private static func number(_ folder: CgroupFolder, _ file: String) -> String {
    let text = (folder.read(file) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    guard let bytes = UInt64(text) else { return text }
    for (unit, name) in [(1 << 30 as UInt64, "GB"), (1 << 20, "MB"), (1 << 10, "KB")]
    where bytes % unit == 0 && bytes > 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)B"
  }
}
