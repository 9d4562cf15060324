import CLinux
import Concurrency
import Dispatch
import Glibc
import Linux
import Synchronization

/// The processes of a check's command, read from the /proc of this host.
///
/// A process belongs to the command if it is in the container's cgroup and has the mark in its
/// environment, or if it descends from such a process. The session identifies the processes whose
/// parents are gone and whose environment differs.
final class CheckProcesses: Sendable {
  private struct Process: Hashable {
    let pid: Int32
    let startTime: UInt64
  }
  private struct ObservedProcess {
    let process: Process
    let parent: Int32
    let session: Int32
    let isMarked: Bool
  }

  private let container: String
  private let mark: [UInt8]
  /// Processes identified as the command's. They include start times, since a process ID can be
  /// reused.
  private let known = Mutex<Set<Process>>([])
  /// Processes that the last search found.
  private let targets = Mutex<Set<Process>>([])

  init(container: String, mark: String) {
    self.container = container
    self.mark = Array(mark.utf8)
  }

  /// Finds the command's existing processes. A process that can't be inspected in time is skipped.
  ///
  /// - Parameter first: the command's first process as the engine reports it; nil if it isn't
  ///   running.
  /// - Returns: whether any process exists.
  func find(from first: Int32?) async -> Bool {
    await onThread { self.findAll(from: first) }
    return targets.withLock { !$0.isEmpty }
  }

  /// Kills the processes that the last search found.
  func kill() async {
    let found = targets.withLock { $0 }
    known.withLock { $0.formUnion(found) }
    await onThread { for process in found { Self.kill(process, in: self.container) } }
  }

  /// A process that is stuck in the kernel blocks each thread that reads its /proc entry.
  private func onThread(_ body: @escaping @Sendable () -> Void) async {
    let work = Task<Void, Never> {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          body()
          continuation.resume()
        }
      }
    }
    _ = await work.hasEnded(within: .seconds(2))
  }

  private func findAll(from first: Int32?) {
    targets.withLock { $0 = [] }
    guard container.utf8.count >= 12 else { return }
    let all = ((try? Directory.names(of: "/proc")) ?? []).compactMap { Int32($0) }
      .compactMap { status(of: $0) }
    func isFirst(_ observed: ObservedProcess) -> Bool {
      observed.process.pid == observed.session
        && (observed.isMarked || observed.process.pid == first)
    }
    // A session ID is the process ID of its first process, which identifies the session while it
    // lives.
    let sessions = Set(all.filter(isFirst).map(\.session))
    let known = known.withLock { $0 }
    var found = Set(
      all.filter { observed in
        observed.isMarked || sessions.contains(observed.session) || known.contains(observed.process)
      }.map(\.process))
    var count = -1
    while count != found.count {
      count = found.count
      let pids = Set(found.map(\.pid))
      found.formUnion(all.filter { pids.contains($0.parent) }.map(\.process))
    }
    targets.withLock { $0 = found }
  }

  private func status(of pid: Int32) -> ObservedProcess? {
    let directory = "/proc/\(pid)"
    guard let groups = try? TextFile.text(directory + "/cgroup"), groups.contains(container),
      let fields = Self.fields(of: pid), fields.state != "Z", fields.state != "X"
    else { return nil }
    let environment = (try? TextFile.text(directory + "/environ")) ?? ""
    let isMarked = environment.utf8.split(separator: 0).contains { $0.elementsEqual(mark) }
    return ObservedProcess(
      process: Process(pid: pid, startTime: fields.startTime), parent: fields.parent,
      session: fields.session, isMarked: isMarked)
  }

  /// The fields of `/proc/PID/stat` (proc(5)).
  private static func fields(
    of pid: Int32
  ) -> (state: Substring, parent: Int32, session: Int32, startTime: UInt64)? {
    guard let text = try? TextFile.text("/proc/\(pid)/stat") else { return nil }
    let bytes = text.utf8
    guard let close = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let rest = bytes[bytes.index(after: close)...].split(separator: UInt8(ascii: " "))
      .map { Substring($0) }
    guard rest.count > 19, let parent = Int32(rest[1]), let session = Int32(rest[3]),
      let startTime = UInt64(rest[19])
    else { return nil }
    return (rest[0], parent, session, startTime)
  }

  private static func kill(_ process: Process, in container: String) {
    let descriptor = linux_pidfd_open(process.pid)
    defer { if descriptor >= 0 { close(descriptor) } }
    // From here on the descriptor refers to one process, and /proc/PID is either that process or
    // missing.
    guard fields(of: process.pid)?.startTime == process.startTime,
      let groups = try? TextFile.text("/proc/\(process.pid)/cgroup"), groups.contains(container)
    else { return }
    if descriptor >= 0, linux_pidfd_kill(descriptor) == 0 || errno == ESRCH { return }
    _ = Glibc.kill(process.pid, SIGKILL)
  }
}
