import Glibc
import SystemPackage
import Linux

/// The evidence in the process table about an incarnation.
package enum ProcessStatus: Sendable, Hashable {
  /// The process is alive.
  case alive
  /// The process is provably gone.
  case gone(End)
  /// /proc gives no evidence, with the reason.
  case unreadable(String)

  /// How it is known to be gone.
  package enum End: String, Sendable, Hashable {
    /// No process has that pid.
    case noProcess
    /// Another process has the pid now: its start time differs.
    case pidUsedAgain
    /// It has exited and waits for its parent.
    case ended
  }
}

extension Incarnation {
  /// Reads the process's state from /proc, which must belong to the initial pid namespace. Boot IDs
  /// are not compared.
  ///
  /// - Returns: the evidence; nil if pid or start time isn't known.
  package func inspect() -> ProcessStatus? { inspect(below: "/proc") }

  /// Reads the process's state from a directory that is /proc or has its layout.
  func inspect(below proc: String) -> ProcessStatus? {
    guard let pid, let startTime else { return nil }
    let directory = "\(proc)/\(pid)"
    let text: String
    do {
      text = try TextFile.text(directory + "/stat")
    } catch let error as Errno where error == .noSuchFileOrDirectory || error == .noSuchProcess {
      // /proc may just have been unmounted or hidden, so kill(2) with signal 0 checks too.
      guard kill(pid, 0) != 0, errno == ESRCH else {
        return .unreadable("\(directory) doesn't exist, but process \(pid) does")
      }
      return .gone(.noProcess)
    } catch {
      return .unreadable("\(directory)/stat: \(error)")
    }
    guard let found = Incarnation.parse(stat: text), found.pid == pid else {
      return .unreadable("\(directory)/stat can't be parsed")
    }
    if found.startTime != startTime { return .gone(.pidUsedAgain) }
    if found.state == "X" || found.state == "x" { return .gone(.ended) }
    if found.state == "Z" {
      // A process whose first thread has exited has the state of a zombie while its other threads
      // continue. This is so for every program with an asynchronous `main`.
      do {
        return try Incarnation.hasOtherThreads(directory) ? .alive : .gone(.ended)
      } catch {
        return .unreadable("\(directory)/task: \(error)")
      }
    }
    return .alive
  }

  /// The start time of a process, in clock ticks since boot.
  ///
  /// - Parameter pid: the process.
  /// - Returns: the start time; nil if there is no such process, or /proc can't be read.
  package static func startTime(of pid: Int32) -> UInt64? {
    guard let text = try? TextFile.text("/proc/\(pid)/stat"), let found = parse(stat: text),
      found.pid == pid
    else { return nil }
    return found.startTime
  }

  private static func hasOtherThreads(_ directory: String) throws(Errno) -> Bool {
    do {
      let threads = try Directory.names(of: directory + "/task")
      return threads.count { $0.first?.isNumber == true } > 1
    } catch {
      // Its parent has reaped it.
      if error == .noSuchFileOrDirectory || error == .noSuchProcess { return false }
      throw error
    }
  }
}

/// Whether this process sees the host's process table without restrictions.
package enum ProcessTableCheck {
  /// Inspects the pid namespace and /proc.
  ///
  /// - Returns: the text of the restriction; nil if a process that isn't found certainly doesn't
  ///   exist.
  package static func failure() -> String? {
    guard let namespace = TextFile.linkTarget("/proc/self/ns/pid") else {
      return "/proc/self/ns/pid can't be read"
    }
    guard namespace == Incarnation.initialPIDNamespace else {
      return "it runs in its own pid namespace (\(namespace)), without access to host processes"
    }
    guard Incarnation.usesHostTimeNamespace else {
      return "it runs in its own time namespace, where start times differ from the host's"
    }
    guard TextFile.linkTarget("/proc/self") == String(getpid()) else {
      return "/proc belongs to another pid namespace"
    }
    guard let mounts = try? TextFile.text("/proc/self/mountinfo") else {
      return "/proc/self/mountinfo can't be read"
    }
    return failure(mountinfo: mounts)
      ?? ((try? TextFile.text("/proc/1/stat")) == nil ? "/proc/1/stat can't be read" : nil)
  }

  /// Inspects the mounts of /proc (proc(5), `hidepid`); the last one is in force.
  static func failure(mountinfo: String) -> String? {
    // A source without a name leaves its field empty.
    let lines = mountinfo.split(separator: "\n")
      .map { $0.split(separator: " ", omittingEmptySubsequences: false) }
    let found = lines.last { fields in fields.count > 6 && fields[4] == "/proc" }
    guard let found, let dash = found.firstIndex(of: "-"), found.count > dash + 3,
      found[dash + 1] == "proc"
    else { return "/proc isn't mounted" }
    let options = found[dash + 3].split(separator: ",") + found[5].split(separator: ",")
    let hiding = options.first { option in
      option.hasPrefix("hidepid=") && !["hidepid=0", "hidepid=off"].contains(option)
    }
    return hiding.map { "/proc is mounted with \($0), which hides processes" }
  }
}
