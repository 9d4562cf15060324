import Foundation
import TestSupport
import Testing

/// The filter of the other suites about old Linux (Tests/OldLinux).
@Suite("The filter that imitates Linux 3.10")
struct OldLinuxFilterTests {
  /// The calls with their results without the filter and with it.
  private static func calls() async throws -> [String: (before: String, after: String)] {
    let lines = try await Command(OldLinux.program, ["--calls"]).output().split(separator: "\n")
    return Dictionary(
      uniqueKeysWithValues: lines.map { line in
        let words = line.split(separator: " ").map(String.init)
        return (words[0], (words[1], words[2]))
      })
  }

  @Test(
    "refuses every later call that this kernel has",
    arguments: [
      "sched_getattr", "renameat2", "seccomp", "getrandom", "memfd_create", "execveat",
      "membarrier", "mlock2", "copy_file_range", "preadv2", "statx", "rseq", "pidfd_send_signal",
      "pidfd_open", "clone3", "close_range", "openat2", "faccessat2", "io_uring_setup",
    ])
  func bites(call: String) async throws {
    let responses = try #require(try await Self.calls()[call])
    #expect(responses.before != "ENOSYS")
    #expect(responses.after == "ENOSYS")
  }

  @Test(
    "doesn't change earlier calls, up to the last",
    arguments: ["getpid", "openat", "kcmp", "finit_module"])
  func leaves(call: String) async throws {
    let responses = try #require(try await Self.calls()[call])
    #expect(responses.before == responses.after)
  }

  @Test("handles O_TMPFILE like opening a directory for writing, as that kernel does")
  func temporaryFile() async throws {
    let responses = try #require(try await Self.calls()["O_TMPFILE"])
    #expect(responses.before == "ENOENT" && responses.after == "EISDIR")
  }

  @Test("applies to all child processes, whose kernel release is 3.10.0")
  func inherited() async throws {
    let words = ["/bin/sh", "-c", "uname -r; exec \(OldLinux.program) --calls"]
    let text = try await Command(OldLinux.program, words).output()
    #expect(text.hasPrefix("3.10.0\n") && text.contains("pidfd_open ENOSYS ENOSYS"), "\(text)")
  }

  @Test("leaves no process running after its program exits")
  func over() async throws {
    let time = "86417." + UUID().uuidString.filter(\.isWholeNumber)
    // The process that handles uname has the original command line.
    func helpers() async throws -> Int {
      let found = try await Command("pgrep", ["-f", "old-linux sleep \(time)$"]).run()
      return found.stdout.split(separator: "\n").count
    }
    let program = try Command(OldLinux.program, ["sleep", time]).start()
    try await eventually("the filter") {
      let command = try? String(contentsOfFile: "/proc/\(program.pid)/cmdline", encoding: .utf8)
      return command?.hasPrefix("sleep") == true
    }
    #expect(try await helpers() == 1)
    program.send(SIGKILL)
    try await program.exit(within: .seconds(300))
    try await eventually("the end of what answers") { try await helpers() == 0 }
  }
}

/// Programs run as on Linux 3.10.
enum OldLinux {
  /// The program that applies the filter.
  static let program = BuiltProgram.beside("old-linux")

  /// The command under the filter. Docker's engine isn't filtered: it is a child of another
  /// process.
  static func command(_ command: Command) -> Command {
    var filtered = command
    filtered.program = program
    filtered.arguments = [command.program] + command.arguments
    return filtered
  }

  /// The shipped executor's command line, without its arguments.
  static var executor: [String] { [program, BuiltProgram.shipped("compose-executor")] }
}
