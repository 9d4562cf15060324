import Foundation

/// What a process waits for, for the error of a test that waits for the process.
enum ProcessState {
  /// The name, the state and the kernel function of each thread (proc_pid_wchan(5)), at most eight.
  static func of(_ pid: pid_t) -> String {
    let tasks = "/proc/\(pid)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    let states = threads.sorted().prefix(8).map { thread in
      let status = content("\(tasks)/\(thread)/status").split(separator: "\n")
      let values = ["Name:", "State:"].map { key in
        status.first { $0.hasPrefix(key) }?.dropFirst(key.count)
          .trimmingCharacters(in: .whitespaces) ?? "-"
      }
      return "\(values[0]) \(values[1]) in \(content("\(tasks)/\(thread)/wchan"))"
    }
    return "process \(pid), \(threads.count) threads: " + states.joined(separator: "; ")
  }

  /// The shares of the last minute in which processes waited for cpu, memory and devices.
  static var pressure: String {
    let shares = ["cpu", "memory", "io"].map { resource in
      let words = content("/proc/pressure/\(resource)").split(whereSeparator: \.isWhitespace)
      return "\(resource) \(words.first { $0.hasPrefix("avg60=") }.map(String.init) ?? "unknown")"
    }
    return "pressure: " + shares.joined(separator: ", ")
  }

  private static func content(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
