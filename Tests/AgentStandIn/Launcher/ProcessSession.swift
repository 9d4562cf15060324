import Foundation

/// The processes of one session, for the posix launcher (3rdparty/stout/include/stout/os/killtree.hpp).
enum ProcessSession {
  /// Kills all processes of a session until none is left.
  ///
  /// - Parameter leader: The session's number. Its leader must not have been reaped, so that the number is its own.
  static func killAll(of leader: pid_t) {
    _ = holds(within: .seconds(10)) {
      let living = members(of: leader)
      for pid in living { kill(pid, SIGKILL) }
      return living.isEmpty
    }
  }

  /// The pids of a session's members that are not dead.
  static func members(of leader: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
      // pid (comm) state ppid pgrp session; comm may hold anything, so from the last parenthesis on.
      guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { return false }
      let words = text[text.index(after: end)...].split(separator: " ")
      return words.count > 3 && words[3] == "\(leader)" && words[0] != "Z" && words[0] != "X"
    }
  }
}
