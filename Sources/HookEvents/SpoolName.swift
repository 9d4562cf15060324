import HookShim

/// The name of an event's file in the spool, as described in `HookShim.h`. The order of names is
/// the order of events.
package struct SpoolName: Hashable, Sendable, Comparable {
  /// The file whose size is the number of pages in the spool. It isn't an event.
  package static let count = HOOK_SHIM_SPOOL_COUNT

  /// The file name, without the directory.
  package let text: String
  /// CLOCK_BOOTTIME of the event in nanoseconds.
  package let bootTime: UInt64
  /// The event's ID, which is also in the file's content.
  package let id: HookEvent.ID
  /// The file's size in bytes.
  package let size: Int

  /// Parses a name; nil if it isn't the name of an event's file. A name that begins with a dot
  /// belongs to a file that is still being written, or whose writer died.
  package init?(_ name: String) {
    guard name.hasSuffix(".event"), !name.hasPrefix(".") else { return nil }
    let parts = name.dropLast(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].utf8.count == 20, parts[1].utf8.count == 10,
      parts[2].utf8.count == 20, parts[3].utf8.count == 16,
      parts.allSatisfy({ !$0.hasPrefix("+") }),
      let bootTime = UInt64(parts[0]), let pid = UInt32(parts[1]), let sequence = UInt64(parts[2]),
      let instance = UInt64(parts[3], radix: 16), let size = Int(parts[4])
    else { return nil }
    text = name
    self.bootTime = bootTime
    id = HookEvent.ID(pid: pid, instance: instance, sequence: sequence)
    self.size = size
  }

  /// Compares in the order of events.
  package static func < (left: SpoolName, right: SpoolName) -> Bool { left.text < right.text }
}
