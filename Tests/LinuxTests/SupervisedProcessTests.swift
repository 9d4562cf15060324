import CLinux
import Foundation
import TestSupport
import Testing

@testable import Linux

@Suite("A program that attacks its supervisor", .serialized)
struct SupervisedProcessTests {
  /// A program that leaves processes in their own sessions, and then sends its supervisor a signal.
  private func program(_ signal: String, _ directory: TemporaryDirectory) -> SupervisedProcess {
    let script = """
      for i in 1 2 3; do
        setsid sh -c 'echo $$ >> pids; setsid sh -c "echo \\$\\$ >> pids; exec sleep 600" & wait' &
      done
      until [ "$(wc -l < pids 2> /dev/null)" = 6 ]; do sleep 0.02; done
      echo $$ >> pids
      kill -\(signal) $PPID
      exec sleep 600
      """
    return SupervisedProcess(
      "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: directory.path)
  }

  /// The processes that the program has recorded: seven unless it was killed during their start.
  private func recorded(_ directory: TemporaryDirectory) -> [pid_t] {
    let text = (try? String(contentsOfFile: directory.path("pids"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { pid_t($0) }
  }

  @Test("and kills it is killed with all of its processes")
  func killed() async throws {
    try await withTemporaryDirectory { directory in
      let ending = try await program("KILL", directory).run(within: nil)
      #expect(ending == .signaled(SIGKILL))
      // This process has reaped its children: there is no zombie left.
      let pids = recorded(directory)
      #expect(pids.count == 7)
      let left = pids.filter { kill($0, 0) == 0 }
      defer { for pid in left { kill(pid, SIGKILL) } }
      #expect(left == [])
    }
  }

  @Test("and stops it is killed in time with all of its processes")
  func stopped() async throws {
    // The time limit includes the start of all processes, which a busy machine delays.
    var count = 0
    for limit in [3, 30, 120] where count < 7 { count = try await stop(within: limit) }
    #expect(count == 7)
  }

  /// Runs a program that stops its supervisor.
  ///
  /// - Parameter limit: The program's time limit in seconds.
  /// - Returns: The number of processes that the program had started by then.
  /// - Throws: The errors of `withTemporaryDirectory`, or of reading the list of processes.
  private func stop(within limit: Int) async throws -> Int {
    try await withTemporaryDirectory { directory in
      let (ended, end) = AsyncStream.makeStream(of: SupervisedProcess.Ending?.self)
      let program = program("STOP", directory)
      Task { end.yield(try await program.run(within: .seconds(limit))) }
      let deadline = Task {
        try await Task.sleep(for: .seconds(limit + 120))
        end.finish()
      }
      var endings: [SupervisedProcess.Ending?] = []
      for await ending in ended.prefix(1) { endings.append(ending) }
      deadline.cancel()
      let pids = recorded(directory)
      let left = pids.filter { kill($0, 0) == 0 }
      defer { for pid in left { kill(pid, SIGKILL) } }
      #expect(endings == [nil], "its time was over, and no wait for its guard is for ever")
      #expect(left == [])
      return pids.count
    }
  }
}

@Suite("A process's children")
struct ChildrenTests {
  /// A shell with these children, ready.
  private func family(_ children: [String]) async throws -> (
    shell: RunningCommand, children: Set<pid_t>
  ) {
    let starts = children.map { "\($0) & echo $!" }.joined(separator: "\n")
    let shell = try Command("/bin/sh", ["-c", "\(starts)\necho ready; wait"]).start()
    try await shell.line(containing: "ready")
    return (shell, Set(shell.lines().compactMap { pid_t($0) }))
  }

  /// The children of a process. The processes of tests that run at the same time are among them.
  private func found(_ parent: pid_t, most: Int32 = 8192) -> [pid_t] {
    var room = [pid_t](repeating: 0, count: 8192)
    let count = linux_children(parent, &room, most)
    return Array(room[..<Int(max(0, count))])
  }

  @Test("are found without a list of them, whatever their names are, and no grandchildren")
  func names() async throws {
    try await withTemporaryDirectory { directory in
      // In /proc/PID/stat, state and parent follow the last parenthesis.
      let names = ["a) S 1 (b", ") (", "plain"]
      for name in names { try await directory.copyProgram(name, from: "/bin/sleep") }
      let quoted = names.map { "'\(directory.path($0))' 600" }
      let (shell, children) = try await family(quoted)
      defer {
        shell.send(SIGKILL)
        for child in children { kill(child, SIGKILL) }
      }
      #expect(children.count == 3)
      #expect(Set(found(shell.pid)) == children)
      #expect(found(getpid()).contains(shell.pid))
      #expect(children.isDisjoint(with: found(getpid())))
      for child in children { #expect(found(child).isEmpty) }
    }
  }

  @Test("are limited to the given capacity")
  func bounded() async throws {
    let (shell, children) = try await family(Array(repeating: "sleep 600", count: 5))
    defer {
      shell.send(SIGKILL)
      for child in children { kill(child, SIGKILL) }
    }
    #expect(found(shell.pid).count == 5)
    #expect(found(shell.pid, most: 2).count == 2)
    #expect(found(shell.pid, most: 0).isEmpty)
  }
}
