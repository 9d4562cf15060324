import Foundation

/// The processes of one session, for the posix launcher
/// (3rdparty/stout/include/stout/os/killtree.hpp).
enum ProcessSession {
  /// Kills all processes of a session, repeatedly until none is left.
  ///
  /// - Parameter leader: The session ID. The session leader must not be reaped before, so that the
  ///   ID isn't reused.
  static func killAll(of leader: pid_t) {
    _ = holds(within: .seconds(10)) {
      let living = members(of: leader)
      for pid in living { kill(pid, SIGKILL) }
      return living.isEmpty
    }
  }

  /// The PIDs of a session's members that are not dead.
  static func members(of leader: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
      // The format is: pid (comm) state ppid pgrp session. comm may contain any character, so
      // parsing begins after the last parenthesis.
      guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { return false }
      let words = text[text.index(after: end)...].split(separator: " ")
      return words.count > 3 && words[3] == "\(leader)" && words[0] != "Z" && words[0] != "X"
    }
  }
}
