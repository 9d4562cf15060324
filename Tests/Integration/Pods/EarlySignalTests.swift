import Foundation
import TestSupport
import Testing

/// A signal that arrives shortly after the start of the process.
@Suite("A signal at the beginning of the process", .needsEngine, .throttled)
struct EarlySignalTests {
  private static let file = """
    services:
      web: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
    """

  /// Whether a process has its own handler for a signal.
  private func catches(_ signal: Int32, _ pid: pid_t) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
    return mask & (1 << UInt64(signal - 1)) != 0
  }

  /// Whether the process has replaced the program of the test that started it.
  private func isExecutor(_ pid: pid_t) -> Bool {
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
    return program?.hasSuffix("/compose-executor") == true
  }

  /// Waits for a condition that takes milliseconds.
  private func soon(_ what: String, _ condition: () -> Bool) async throws {
    try await eventually(what, within: .seconds(300), every: .milliseconds(1), condition)
  }

  @Test(
    "stops the pod as killed, however early it arrives", arguments: [SIGTERM, SIGINT, SIGHUP],
    [0, 5, 20, 60, 100])
  func early(signal: Int32, after milliseconds: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, Self.file) { pod in
      try await soon("a handler") {
        isExecutor(pod.executor.pid) && catches(signal, pod.executor.pid)
      }
      // Independent of the step that the program has reached.
      let start = ContinuousClock.now
      try await soon("the moment") { .now - start >= .milliseconds(milliseconds) }
      pod.send(signal)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.states.last == "TASK_KILLED", "\(end)")
    }
  }

  @Test(
    "is handled before library initializers run", arguments: [SIGTERM, SIGINT, SIGHUP])
  func first(signal: Int32) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      // A library whose initializer is one of the first to run sends the signal.
      try directory.write(
        "early.c",
        """
        #include <signal.h>
        #include <stdlib.h>
        #include <unistd.h>
        __attribute__((constructor)) static void send(void) { unsetenv("LD_PRELOAD"); kill(getpid(), \(signal)); }
        """)
      let library = directory.path("early.so")
      try await Command(
        Toolchain.clang, ["-shared", "-fPIC", "-o", library, directory.path("early.c")]
      ).output()
      let settings = PodSettings(environment: ["LD_PRELOAD": library])
      let end = try await podEnd(on: engine, Self.file, settings)
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.states.last == "TASK_KILLED", "\(end)")
    }
  }

  @Test("stops `run` while it reads a file that has no end", arguments: [SIGTERM, SIGINT, SIGHUP])
  func reading(signal: Int32) async throws {
    try await withTemporaryDirectory { directory in
      let command = try Command(
        "/bin/sh",
        ["-c", #"mkfifo full; exec "$@" 0<>full"#, "sh", BuiltProgram.composeExecutor]
          + ["run", "-f", "-"], directory: directory.path
      ).start()
      try await soon("the program") { isExecutor(command.pid) && catches(signal, command.pid) }
      command.send(signal)
      #expect(try await command.exit(within: .seconds(300)) == .exited(130))
      #expect(command.lines(.stderr).last?.contains("nothing was started") == true)
    }
  }

  @Test("is ignored if the parent process had it ignored, as nohup does")
  func ignored() async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(shell: #"trap "" HUP; exec "$@""#)
    try await withPod(on: engine, Self.file, settings) { pod in
      try await pod.running()
      pod.send(SIGHUP)
      pod.send(SIGHUP)
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.message == "killed by SIGTERM", "\(end)")
    }
  }

  @Test("terminates a command without a pod at once, as by default")
  func others() async throws {
    // The command waits for a file from standard input that never arrives.
    try await withTemporaryDirectory { directory in
      let command = try Command(
        "/bin/sh",
        ["-c", #"mkfifo full; exec "$@" 0<>full"#, "sh", BuiltProgram.composeExecutor]
          + ["config", "-f", "-"], directory: directory.path
      ).start()
      try await soon("the program") { isExecutor(command.pid) }
      command.send(SIGTERM)
      #expect(try await command.exit() == .signaled(SIGTERM))
    }
  }
}
