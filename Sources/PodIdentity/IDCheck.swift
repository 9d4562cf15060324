/// The check of each ID from outside before its first use: it must be one component of a path.
/// Runs, tasks, frameworks, executors and agents are directories of Mesos' sandboxes and
/// checkpoints, and a run is a cgroup.
///
/// The rules are those of Mesos (src/common/validation.cpp, `validateID`), except for the
/// backslash, which older agents accept and which has no meaning here.
package enum IDCheck {
  /// The longest name of a file or cgroup in bytes (NAME_MAX).
  package static let longest = 255

  /// Finds the fault of an ID.
  ///
  /// - Parameter id: a run, task, framework, executor or agent; or a component of a cgroup's path.
  /// - Returns: a text that follows the ID's name; nil if the ID is valid.
  package static func problem(_ id: String) -> String? {
    // Compared as bytes, as in the kernel: a slash and a combining character after it are one
    // character in Swift.
    let bytes = id.utf8
    if bytes.isEmpty { return "can't be empty" }
    if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) {
      return "can't be '\(id)': it is a directory name with a special meaning"
    }
    if bytes.contains(UInt8(ascii: "/")) {
      return "can't contain a slash: it is used as a directory name"
    }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
      return "can't contain control characters, such as a newline"
    }
    if bytes.count > longest { return "has \(bytes.count) bytes, but the maximum is \(longest)" }
    return nil
  }
}
