import Foundation
import TestSupport
import Testing

/// A service that records each start, and the expected final state of its pod.
private struct ReactionCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var options: [String] = []
  let script: String
  let keys: [String]
  let state: String
  let message: String
  /// The number of its starts.
  let starts: Int
  /// The least duration of the pod.
  var least = Duration.zero
  var needsMemory = false

  var file: String {
    """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, "echo start >> /marks/starts; n=$$(wc -l < /marks/starts); \(script)"]
        init: true
        stop_grace_period: 0s
        volumes: ["./marks:/marks"]

    """ + keys.map { "    \($0)\n" }.joined()
  }
}

/// Unhealthy until its third start, which exits with 0.
private let sick = "[ $$n -lt 3 ] || exit 0; sleep 1000"
private let check =
  "healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 1, start_period: 0s}"

/// Exhausts its memory after the engine has begun to watch for that, until its third start, which
/// exits with 0.
private let greedy = "[ $$n -lt 3 ] || exit 0; sleep 0.5; tail /dev/zero"

private let cases = [
  ReactionCase(
    testDescription: "unhealthy: the pod fails", script: sick, keys: [check],
    state: "TASK_FAILED", message: "service 'web' is unhealthy", starts: 1),
  ReactionCase(
    testDescription: "unhealthy, restart by option", options: ["--on-unhealthy", "restart"],
    script: sick, keys: [check], state: "TASK_FINISHED", message: "exited with 0", starts: 3),
  ReactionCase(
    testDescription: "unhealthy, restart by the file", script: sick,
    keys: [check, "x-pod: {on_unhealthy: restart}"], state: "TASK_FINISHED",
    message: "exited with 0", starts: 3),
  ReactionCase(
    testDescription: "unhealthy, the file is stronger", options: ["--on-unhealthy", "restart"],
    script: sick, keys: [check, "x-pod: {on_unhealthy: fail}"], state: "TASK_FAILED",
    message: "service 'web' is unhealthy", starts: 1),
  ReactionCase(
    testDescription: "out of memory: the pod fails", script: greedy, keys: ["mem_limit: 8m"],
    state: "TASK_FAILED", message: "service 'web' was killed for memory", starts: 1,
    needsMemory: true),
  ReactionCase(
    testDescription: "out of memory, restart by option", options: ["--on-oom", "restart"],
    script: greedy, keys: ["mem_limit: 8m"], state: "TASK_FINISHED", message: "exited with 0",
    starts: 3, needsMemory: true),
  ReactionCase(
    testDescription: "out of memory, restart by the file", script: greedy,
    keys: ["mem_limit: 8m", "x-pod: {on_oom: restart}"], state: "TASK_FINISHED",
    message: "exited with 0", starts: 3, needsMemory: true),
  ReactionCase(
    testDescription: "out of memory, no more often than its policy says",
    options: ["--on-oom", "restart"], script: "sleep 0.5; tail /dev/zero",
    keys: ["mem_limit: 8m", "restart: 'on-failure:2'"], state: "TASK_FAILED",
    message: "service 'web' was killed for memory", starts: 3, needsMemory: true),
  ReactionCase(
    testDescription: "unhealthy, no more often than its policy says",
    options: ["--on-unhealthy", "restart"], script: "sleep 1000",
    keys: [
      check, "deploy: {restart_policy: {condition: none, delay: 100ms, max_attempts: 2}}",
    ], state: "TASK_FAILED", message: "service 'web' is unhealthy", starts: 3),
  ReactionCase(
    testDescription: "delay and max_attempts", script: "exit 3",
    keys: [
      "deploy: {restart_policy: {condition: on-failure, delay: 700ms, max_attempts: 2}}"
    ], state: "TASK_FAILED", message: "service 'web' exited with 3", starts: 3,
    least: .milliseconds(1_400)),
  ReactionCase(
    testDescription: "max_attempts of `any`, which ends with 0", script: "exit 0",
    keys: ["deploy: {restart_policy: {condition: any, delay: 100ms, max_attempts: 2}}"],
    state: "TASK_FINISHED", message: "exited with 0", starts: 3),
  ReactionCase(
    testDescription: "a window that each run reaches, until one doesn't",
    script: "[ $$n -gt 2 ] || sleep 5; exit 3",
    keys: [
      "deploy: {restart_policy: {condition: on-failure, delay: 100ms, max_attempts: 1, window: 4s}}"
    ], state: "TASK_FAILED", message: "service 'web' exited with 3", starts: 3),
]

@Suite("The reaction to a failure of a service", .needsEngine, .throttled)
struct ReactionTests {
  @Test("is the one of its file or of an option", arguments: cases)
  fileprivate func follows(_ reaction: ReactionCase) async throws {
    let engine = try #require(TestEngine.all.first)
    guard !reaction.needsMemory || engine.has("memory") else { return }
    let settings = PodSettings(options: reaction.options, files: ["marks/.keep": ""])
    let begin = ContinuousClock.now
    try await withPod(on: engine, reaction.file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.states.last == reaction.state, "\(end)")
      #expect(end.message.contains(reaction.message), "\(end)")
      let starts = try String(contentsOfFile: pod.sandbox.path("marks/starts"), encoding: .utf8)
      #expect(starts.split(separator: "\n").count == reaction.starts, "\(end)")
    }
    #expect(ContinuousClock.now - begin >= reaction.least)
  }
}
