import Foundation
import TestSupport
import Testing

@Suite("The grace of a pod is divided between levels", .needsEngine, .throttled)
struct StopLevelTests {
  private static func obedient(_ name: String, _ keys: String) -> String {
    """
      \(name):
        image: pod-test/busybox
        command: [sh, -c, 'trap "echo told; exit 0" TERM; echo up; while :; do sleep 0.05; done']
        \(keys)

    """
  }

  private static func deaf(_ name: String, _ keys: String) -> String {
    "  \(name):\n    image: pod-test/busybox\n    command: [sleep, '1000']\n    \(keys)\n"
  }

  @Test(
    "each level gets its stop signal, even if services above ignore theirs",
    arguments: [1, 2, 3], ["6s"])
  func levels(deaf count: Int, grace: String) async throws {
    var file = "services:\n" + Self.obedient("db", "init: false")
    for level in 1...count {
      file += Self.deaf("s\(level)", "depends_on: [\(level == 1 ? "db" : "s\(level - 1)")]")
    }
    let engine = try #require(TestEngine.all.first)
    // A level has two seconds or less, which a stall of the machine can exceed, but not each time.
    let settings = PodSettings(options: ["--grace", grace])
    var output: [String] = []
    for _ in 0..<3 where output.count < 2 {
      output = try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        try await pod.says("up", service: "db")
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        return end.output(of: "db")
      }
    }
    #expect(output == ["up", "told"])
  }

  @Test(
    "a pre_stop that hangs leaves its service time for a stop signal", arguments: TestEngine.all)
  func preStop(on engine: TestEngine) async throws {
    let file =
      "services:\n"
      + Self.obedient("a", "pre_stop: [{command: [sleep, '1000']}]\n    depends_on: [b]")
      + Self.obedient("b", "init: false")
    let settings = PodSettings(options: ["--grace", "4s"])
    let names = ["a", "b"]
    var outputs: [[String]] = []
    for _ in 0..<3 where outputs.joined().count < 4 {
      outputs = try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        for name in names { try await pod.says("up", service: name) }
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        return names.map { end.output(of: $0) }
      }
    }
    #expect(outputs == [["up", "told"], ["up", "told"]])
  }

  @Test(
    "a pre_start container gets its stop signal and the pod's grace", arguments: TestEngine.all)
  func preStart(on engine: TestEngine) async throws {
    let hook =
      "trap 'sleep 1; echo told >/box/told; exit 0' TERM; touch /box/up; while :; do sleep 0.05; done"
    let file =
      "services:\n"
      + Self.obedient("a", "volumes: ['.:/box']\n    pre_start: [{command: [sh, -c, \"\(hook)\"]}]")
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "10s"])) { pod in
      try await eventually("the hook") {
        FileManager.default.fileExists(atPath: pod.sandbox.path("up"))
      }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(FileManager.default.fileExists(atPath: pod.sandbox.path("told")))
    }
  }

  /// Why a dependency with `required: false` can't be waited for, and the message about it.
  private static let lost = [
    ("command: ['true']\n    healthcheck: {test: [CMD, 'true'], interval: 5s}", "it has exited"),
    ("command: [sleep, '2']", "it has no healthcheck"),
    (
      "command: [sleep, '1']\n    healthcheck: {test: [CMD, 'false'], interval: 300ms, retries: 100}",
      "it has exited"
    ),
  ]

  @Test(
    "a dependency with required: false is skipped, and the warning has its location",
    arguments: lost)
  func notRequired(keys: String, message: String) async throws {
    let file = """
      services:
        a:
          image: pod-test/busybox
          \(keys)
        b:
          image: pod-test/busybox
          command: [echo, here]
          depends_on: {a: {condition: service_healthy, required: false}}

      """
    let engine = try #require(TestEngine.all.first)
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "b") == ["here"])
    let warnings = end.stderr.filter { $0.contains("`required` is false") }
    #expect(warnings.count == 1 && warnings[0].contains(message), "\(end)")
    #expect(warnings.first?.contains("compose.yaml:") == true)
  }
}
