import Foundation
import TestSupport
import Testing

/// The reason why an optional service fails to start.
private struct OptionalFailure: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var image = "pod-test/busybox"
  var keys: [String] = []
  /// Whether its container is created nevertheless.
  var isCreated = false
  /// Whether it has run.
  var isStarted = false

  static let all = [
    OptionalFailure(
      testDescription: "an image that may not be pulled", image: "no-such-image/here:1",
      keys: ["pull_policy: never"]),
    OptionalFailure(
      testDescription: "an image that can't be pulled", image: "127.0.0.1:1/none:1"),
    OptionalFailure(
      testDescription: "a build that fails", image: "",
      keys: ["build: {context: ., dockerfile_inline: \"FROM 127.0.0.1:1/none:1\"}"]),
    OptionalFailure(
      testDescription: "a refused create", keys: ["runtime: no-such-runtime"]),
    OptionalFailure(
      testDescription: "a refused start", keys: ["entrypoint: [/nowhere]"], isCreated: true),
    OptionalFailure(
      testDescription: "a pre_start that fails",
      keys: ["pre_start: [{command: [\"false\"], image: pod-test/busybox}]"], isCreated: true),
    OptionalFailure(
      testDescription: "a pre_start without image",
      keys: ["pre_start: [{command: [\"true\"], image: \"127.0.0.1:1/none:1\"}]"], isCreated: true
    ),
    OptionalFailure(
      testDescription: "a post_start that fails", keys: ["post_start: [{command: [\"false\"]}]"],
      isCreated: true, isStarted: true),
  ]
}

/// The dependency of the main service on the optional one.
private enum OptionalNeed: String, CaseIterable, CustomTestStringConvertible {
  case nothing, started, ifThere, completed, healthy, volume, network, mounts

  var testDescription: String { rawValue }

  var keys: String {
    switch self {
    case .nothing: ""
    case .started: "depends_on: [extra]"
    case .ifThere:
      "depends_on: {extra: {condition: service_completed_successfully, required: false}}"
    case .completed: "depends_on: {extra: {condition: service_completed_successfully}}"
    case .healthy: "depends_on: {extra: {condition: service_healthy}}"
    case .volume: "volumes: [\"shared:/shared\"]"
    case .network: "network_mode: service:extra"
    case .mounts: "volumes_from: [extra]"
    }
  }

  /// Whether the pod finishes nevertheless.
  func finishes(without failure: OptionalFailure) -> Bool {
    switch self {
    case .nothing, .started, .ifThere, .volume: true
    case .completed, .healthy, .network: false
    case .mounts: failure.isCreated
    }
  }
}

@Suite("An optional service that fails to start", .needsEngine, .throttled)
struct OptionalServiceTests {
  @Test(
    "fails its pod if another service requires it, and never blocks the launch",
    arguments: OptionalFailure.all, OptionalNeed.allCases)
  fileprivate func without(_ failure: OptionalFailure, need: OptionalNeed) async throws {
    let engine = try #require(TestEngine.all.first)
    let image = failure.image.isEmpty ? "" : "image: \"\(failure.image)\""
    let file = """
      services:
        job:
          image: pod-test/busybox
          command: [sh, -c, "sleep 0.5; echo done"]
          init: true
          \(need.keys)
        extra:
          \(([image, "command: [sleep, \"1000\"]", "init: true", "x-pod: {role: optional}", "volumes: [\"shared:/shared\"]", "healthcheck: {test: [CMD, \"true\"]}"] + failure.keys).filter { !$0.isEmpty }.joined(separator: "\n    "))
      volumes: {shared: {}}
      """
    let settings = PodSettings(options: ["--launch-timeout", "120s"])
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended(within: .seconds(110))
      let finishes = need.finishes(without: failure)
      #expect(end.states.last == (finishes ? "TASK_FINISHED" : "TASK_FAILED"), "\(end)")
      if finishes {
        #expect(end.output(of: "job") == ["done"], "\(end)")
        #expect(
          end.stderr.contains { $0.contains("'extra'") && $0.contains("it is optional") },
          "\(end)")
      } else {
        #expect(end.message.contains("extra"), "\(end)")
        #expect(
          need != .healthy || end.message.contains("'extra', which can't be started: ")
            || end.message.contains("but it has exited"), "\(end)")
      }
    }
  }

  @Test("delays the launch by half of launch-timeout", arguments: ["image", "pre_start"])
  func slow(what: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let registry = try FalseRegistry(.stalls)
    let image = what == "image" ? registry.image("late:1") : "pod-test/busybox"
    let file = """
      services:
        job: {image: pod-test/busybox, command: [sleep, "1000"], init: true}
        extra:
          image: \(image)
          x-pod: {role: optional}
          pre_start: [{image: pod-test/busybox, command: [sleep, "1000"]}]
      """
    try await withPod(on: engine, file, PodSettings(options: ["--launch-timeout", "60s"])) { pod in
      try await pod.running()
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_KILLED", "\(end)")
      #expect(
        end.stderr.contains {
          $0.contains("'extra'") && $0.contains("after half of launch-timeout")
            && $0.contains("it is optional")
        }, "\(end)")
    }
    withExtendedLifetime(registry) {}
  }

  /// Its health condition is never reached: a service that requires it fails the pod, one that
  /// doesn't starts.
  @Test(
    "and is unhealthy without a reaction doesn't block services that wait for its health",
    arguments: [true, false])
  func unhealthy(isRequired: Bool) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        job:
          image: pod-test/busybox
          command: [echo, done]
          depends_on: {extra: {condition: service_healthy, required: \(isRequired)}}
        extra:
          image: pod-test/busybox
          command: [sleep, "1000"]
          init: true
          x-pod: {role: optional}
          healthcheck: {test: [CMD, "false"], interval: 200ms, retries: 1, start_period: 0s}
      """
    try await withPod(on: engine, file) { pod in
      let end = try await pod.ended(within: .seconds(100))
      #expect(end.states.last == (isRequired ? "TASK_FAILED" : "TASK_FINISHED"), "\(end)")
      if isRequired {
        #expect(end.message.contains("but it has become unhealthy"), "\(end)")
      } else {
        #expect(end.output(of: "job") == ["done"], "\(end)")
      }
    }
  }

  @Test("and has several containers is skipped as a whole if its pre_start fails")
  func scaled() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        job: {image: pod-test/busybox, command: [sh, -c, "sleep 1; echo done"]}
        extra:
          image: pod-test/busybox
          command: [sleep, "1000"]
          scale: 2
          x-pod: {role: optional}
          pre_start: [{command: ["false"], image: pod-test/busybox}]
      """
    try await withPod(on: engine, file) { pod in
      let end = try await pod.ended(within: .seconds(100))
      #expect(end.states.last == "TASK_FINISHED" && end.output(of: "job") == ["done"], "\(end)")
    }
  }

  @Test("can be a final one without its image")
  func final() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        job: {image: pod-test/busybox, command: [echo, done]}
        upload: {image: "127.0.0.1:1/none:1", x-pod: {role: final}}
      """
    try await withPod(on: engine, file) { pod in
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_FINISHED" && end.output(of: "job") == ["done"], "\(end)")
      #expect(
        end.stderr.contains { $0.contains("'upload', which is final, can't be started") }, "\(end)")
    }
  }
}
