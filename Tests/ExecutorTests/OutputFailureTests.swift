import Foundation
import TestSupport
import Testing

/// Programs whose standard output or error is closed or can't be written.
@Suite("Output that can't be written")
struct OutputFailureTests {
  private func end(_ redirection: String, _ program: String, _ words: [String]) async throws
    -> CommandResult
  {
    try await withTemporaryDirectory { directory in
      try directory.write(
        "compose.yaml",
        "services: {web: {image: a, mem_limit: 64m, cpus: 1}}\n")
      return try await Command(
        "sh", ["-c", "exec \"$0\" \"$@\" \(redirection)", program] + words,
        directory: directory.path
      ).run()
    }
  }

  @Test(
    "is a failure on a full disk, and if it is closed",
    arguments: [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
  func failure(_ redirection: String, _ reason: String) async throws {
    for (program, words) in [
      (BuiltProgram.composeExecutor, ["config", "-f", "compose.yaml"]),
      (BuiltProgram.composeExecutor, ["config", "-f", "compose.yaml", "--services"]),
      (BuiltProgram.composeExecutor, ["--help"]),
      (BuiltProgram.beside("compose-resources"), ["-f", "compose.yaml"]),
    ] {
      let result = try await end(redirection, program, words)
      #expect(result.status == .exited(1), "\(words): \(result)")
      #expect(
        result.stderr.hasSuffix(": standard output can't be written: \(reason)\n"),
        "\(words): \(result)")
    }
  }

  @Test("closed descriptors are not reused for opened files", arguments: 1...2)
  func closed(_ descriptor: Int) async throws {
    let result = try await withTemporaryDirectory { directory in
      // While the program reads its standard input, its descriptors are visible.
      let script = """
        mkfifo input
        "$0" config -q -f - <input \(descriptor)>&- &
        exec 6>input
        until [ "$(readlink /proc/$!/fd/\(descriptor))" = /dev/null ]; do sleep 0.05; done
        echo 'services: {web: {image: a}}' >&6; exec 6>&-
        wait $!; echo "ended with $?"
        """
      return try await Command(
        "bash", ["-c", script, BuiltProgram.composeExecutor], directory: directory.path
      ).run()
    }
    #expect(result.stdout == "ended with 0\n", "\(result)")
  }
}
