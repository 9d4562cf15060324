import Foundation
import TestSupport
import Testing

@Suite("Two executors with the same container ID and task", .needsEngine, .throttled)
struct SameRunTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        volumes: ["data:/data"]
        command: ["sh", "-c", "trap 'exit 0' TERM; echo kept > /data/word; echo up; sleep 1000 & wait"]
    volumes:
      data: {}

    """

  /// The failure of the second one.
  enum Fault: String, CaseIterable, Sendable {
    case takenNames, badImage, badFile, takenPort, killed
  }

  static let all = TestEngine.all.flatMap { engine in Fault.allCases.map { (engine, $0) } }

  @Test("don't touch each other's pods, however the second one fails", arguments: all)
  func second(on engine: TestEngine, _ fault: Fault) async throws {
    let port = try FreePorts.take(1)[0]
    try await withPod(on: engine, Self.file) { first in
      try await first.running()
      try await first.says("up", service: "web")
      let before = try await first.containers()["web"]?.Id
      let second =
        switch fault {
        case .takenNames: Self.file
        case .badImage: "services:\n  other:\n    image: pod-test/is-not-there\n"
        case .badFile: "services:\n  web:\n    imag: x\n"
        case .takenPort:
          "services:\n  other:\n    image: pod-test/busybox\n    ports: [\"80\"]\n    command: [sleep, \"1000\"]\n"
        case .killed:
          "services:\n  other:\n    image: pod-test/busybox\n    network_mode: none\n    command: [sleep, \"1000\"]\n"
        }
      let holder = fault == .takenPort ? try ListeningSocket(address: "0.0.0.0") : nil
      try await withTemporaryDirectory { sandbox in
        try sandbox.write("compose.yaml", second)
        let executor = try Command(
          BuiltProgram.composeExecutor,
          [
            "run", "--run-id", first.run, "--task-id", first.task, "--ports",
            "\(holder?.port ?? port)", "--grace", "1s",
          ],
          environment: ["DOCKER_HOST": engine.dockerHost], directory: sandbox.path
        ).start()
        if fault == .killed {
          try await executor.line(containing: "TASK_RUNNING")
          executor.send(SIGTERM)
        }
        let end = PodEnd(try await executor.result(within: .seconds(180)))
        #expect(end.status == .exited(fault == .killed ? 130 : 1), "\(end)")
        #expect(!end.message.contains("not removed"), "\(end)")
      }
      withExtendedLifetime(holder) {}
      #expect(first.executor.status == nil)
      let now = try await first.containers()
      #expect(now["web"]?.Id == before && now["web"]?.State.Running == true)
      #expect(now.count == 1)
      let word = try await engine.docker("exec", before ?? "", "cat", "/data/word").output()
      #expect(word == "kept")
      first.send(SIGTERM)
      #expect(try await first.ended().status == .exited(130))
    }
  }

  @Test(
    "never share an object after a crash: the second names the owner", arguments: TestEngine.all)
  func afterCrash(on engine: TestEngine) async throws {
    // A reaper of another test would remove the pod, which has no executor anymore.
    try await withReaperSite(on: engine) { _ in
      try await withPod(on: engine, Self.file) { first in
        try await first.running()
        first.send(SIGKILL)
        try await first.executor.exit(within: .seconds(300))
        let volumes = try await first.volumes().map(\.Name)
        try await withTemporaryDirectory { sandbox in
          try sandbox.write("compose.yaml", Self.file)
          let result = try await Command(
            BuiltProgram.composeExecutor,
            ["run", "--run-id", first.run, "--task-id", first.task, "--grace", "1s"],
            environment: ["DOCKER_HOST": engine.dockerHost], directory: sandbox.path
          ).run(within: .seconds(180))
          let end = PodEnd(result)
          #expect(end.status == .exited(1), "\(end)")
          #expect(
            end.message.contains(
              "already: process \(first.executor.pid) created it for run \(first.run)"),
            "\(end)")
        }
        // The dead executor's pod is left to pod-reaper.
        #expect(try await first.volumes().map(\.Name) == volumes && volumes.count == 1)
        #expect(try await first.containers()["web"]?.State.Running == true)
        try await Leftovers.of(run: first.run, on: engine).remove(from: engine)
      }
    }
  }
}
