import Foundation
import TestSupport
import Testing

@testable import PodRuntime

@Suite("A program that turns on its guard", .serialized)
struct GuardedProgramTests {
  /// A program that leaves sessions of its own behind, and then sends its guard a signal.
  private func program(_ signal: String, _ folder: TemporaryFolder) -> GuardedProgram {
    let script = """
      for i in 1 2 3; do
        setsid sh -c 'echo $$ >> pids; setsid sh -c "echo \\$\\$ >> pids; exec sleep 600" & wait' &
      done
      until [ "$(wc -l < pids 2> /dev/null)" = 6 ]; do sleep 0.02; done
      echo $$ >> pids
      kill -\(signal) $PPID
      exec sleep 600
      """
    return GuardedProgram(
      "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], folder: folder.path)
  }

  private func living(_ folder: TemporaryFolder) throws -> [pid_t] {
    let pids = try String(contentsOfFile: folder.path("pids"), encoding: .utf8)
      .split(separator: "\n").compactMap { pid_t($0) }
    #expect(pids.count == 7)
    return pids.filter { kill($0, 0) == 0 }
  }

  @Test("and kills it ends with all that it started")
  func killed() async throws {
    try await withTemporaryFolder { folder in
      let ending = try await program("KILL", folder).run(within: nil)
      #expect(ending == .signalled(SIGKILL))
      // What this process waited for is no longer there even as a zombie.
      let left = try living(folder)
      defer { for pid in left { kill(pid, SIGKILL) } }
      #expect(left == [])
    }
  }

  @Test("and stops it ends in time with all that it started")
  func stopped() async throws {
    try await withTemporaryFolder { folder in
      let (ended, end) = AsyncStream.makeStream(of: GuardedProgram.Ending?.self)
      let program = program("STOP", folder)
      Task { end.yield(try await program.run(within: .seconds(3))) }
      Task {
        try await Task.sleep(for: .seconds(60))
        end.finish()
      }
      var endings: [GuardedProgram.Ending?] = []
      for await ending in ended.prefix(1) { endings.append(ending) }
      let left = try living(folder)
      defer { for pid in left { kill(pid, SIGKILL) } }
      #expect(endings == [nil], "its time was over, and no wait for its guard is for ever")
      #expect(left == [])
    }
  }
}
