import Compose
import Foundation
import TestSupport
import Testing
import YAML

/// The input and output files of `validate` and `config`.
@Suite("Input and output of commands that read files")
struct ValidateInputTests {
  private static let bad = "services:\n  a: {image: x, foo: 1}\n"
  private static let fault = "2:17: a service has no key `foo`\n"

  private func bash(
    _ script: String, in directory: TemporaryDirectory
  ) async throws -> CommandResult {
    try await Command(
      "bash", ["-c", script, BuiltProgram.composeExecutor], directory: directory.path
    ).run()
  }

  private func items(_ result: CommandResult) throws -> [[String: Any]] {
    let array = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    return try #require(array as? [[String: Any]])
  }

  @Test("a pipe is read once, even if its writer begins late")
  func pipes() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("bad.yaml", Self.bad)
      let text = try await bash("cat bad.yaml | \"$0\" validate /dev/stdin", in: directory)
      #expect(text.stdout == "/dev/stdin:" + Self.fault && text.stderr.isEmpty, "\(text)")
      let json = try await bash(
        "cat bad.yaml | \"$0\" validate --format json /dev/stdin", in: directory)
      #expect(try items(json).map { $0["key"] as? String } == ["services.a.foo"], "\(json)")
      // The writer begins after the reader.
      try directory.write("good.yaml", "services: {a: {image: x}}\n")
      let late = try await bash(
        "\"$0\" config --services -f <(sleep 0.5; cat good.yaml)", in: directory)
      #expect(late.stdout == "a\n" && late.status == .exited(0), "\(late)")
      // A named pipe has no writer at first.
      try directory.write("piped.yaml", "services: {a: {image: x, env_file: fifo}}\n")
      let named = try await bash(
        "mkfifo fifo; (sleep 0.5; echo A=1 >fifo) & \"$0\" config -f piped.yaml", in: directory)
      #expect(named.stdout.contains("A: \"1\""), "\(named)")
    }
  }

  @Test("JSON and annotations name a file that can't be read")
  func unreadable() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("b.yaml", Self.bad)
      let json = try await bash(
        "\"$0\" validate --format json b.yaml none.yaml . --env-file b.env", in: directory)
      let named = try items(json).map { $0["file"] as? String }
      #expect(named.allSatisfy { $0 != nil } && !named.isEmpty, "\(json)")
      let files = try await bash("\"$0\" validate --format json b.yaml none.yaml", in: directory)
      #expect(try items(files).map { $0["file"] as? String } == ["none.yaml", "b.yaml"])
      #expect(try items(files)[0]["line"] is NSNull)
      let github = try await bash("\"$0\" validate --format github none.yaml", in: directory)
      #expect(
        github.stdout
          == "::error file=none.yaml::none.yaml: the file can't be read: No such file or directory\n"
      )
    }
  }

  @Test("annotations have no control characters")
  func annotations() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("a\u{1b}[31m\nb.yaml", "services: {a: {image: x, \"f\\e[31m\": 1}}\n")
      let result = try await bash("\"$0\" validate --format github *.yaml", in: directory)
      #expect(
        result.stdout == "::error file=a\u{fffd}[31m%0Ab.yaml,line=1,col=26::"
          + "a service has no key `f\u{fffd}[31m`\n", "\(result)")
    }
  }

  @Test("the time to find errors grows linearly with their number")
  func many() async throws {
    func seconds(_ count: Int) async throws -> Double {
      try await withTemporaryDirectory { directory in
        let services = (0..<count).map { "  s\($0): {image: x, foo\($0): 1}\n" }
        try directory.write("compose.yaml", "services:\n" + services.joined())
        let start = Self.processorTime
        let faults = ComposeLoader.faults(LoadOptions(files: [directory.path("compose.yaml")]))
          .faults
        let keys = FileKeys(ofFile: directory.path("compose.yaml"))
        let last = faults.last?.position.flatMap(keys.keys)
        let end = Self.processorTime
        #expect(faults.count == count && last?.hasPrefix("services.s") == true)
        return end - start
      }
    }
    let few = try await seconds(120)
    // Eight times as many. The shortest of several measurements has the least of other work in it.
    var many = Double.infinity
    for _ in 0..<3 { many = try await min(many, seconds(960)) }
    #expect(many < 14 * few + 0.2, "\(few) s, \(many) s")
  }

  /// The CPU time of this thread, which excludes other tests on the machine.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test(
    "output that can't be written is a failure",
    arguments: ["config", "--help", "config --services", "validate bad.yaml", "ps --help"])
  func full(_ command: String) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("bad.yaml", Self.bad)
      try directory.write("compose.yaml", "services: {a: {image: x}}\n")
      for (target, reason) in [
        ("/dev/full", "No space left on device"), ("&-", "Bad file descriptor"),
      ] {
        let end = try await bash(
          "exec -a compose-executor \"$0\" \(command) >\(target)", in: directory)
        #expect(end.status == .exited(1), "\(end)")
        #expect(
          end.stderr == "compose-executor: standard output can't be written: \(reason)\n", "\(end)")
      }
      let gone = try await bash("\"$0\" \(command) | true; echo ${PIPESTATUS[0]}", in: directory)
      #expect(gone.stderr.isEmpty, "\(gone)")
    }
  }
}
