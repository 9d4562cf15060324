/// What every ID that comes from outside must be before anything is done with it: one component of a path. Runs, tasks,
/// frameworks, executors and agents are directories of Mesos' sandboxes and checkpoints, and a run is a cgroup.
///
/// It is what Mesos itself demands (src/common/validation.cpp, `validateID`), but for the backslash, which older agents
/// let pass and which means nothing here.
public enum IDCheck {
  /// The longest name that a file system and the kernel's cgroups take, in bytes (NAME_MAX).
  public static let longest = 255

  /// Looks for what is wrong with an ID.
  ///
  /// - Parameter id: a run, task, framework, executor or agent; or a component of a cgroup's path.
  /// - Returns: words that follow its name; nil where nothing is wrong.
  public static func problem(_ id: String) -> String? {
    // Bytes are looked at, as the kernel does: a slash and what is written over it are one character.
    let bytes = id.utf8
    if bytes.isEmpty { return "can't be empty" }
    if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) {
      return "can't be '\(id)': it names a directory of its own"
    }
    if bytes.contains(UInt8(ascii: "/")) { return "can't hold a slash: it is a directory's name" }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
      return "can't hold control characters, such as a line's end"
    }
    if bytes.count > longest { return "has \(bytes.count) bytes, and \(longest) are possible" }
    return nil
  }
}
