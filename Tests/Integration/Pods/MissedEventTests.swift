import Foundation
import TestSupport
import Testing

@Suite("A missed event", .needsEngine, .throttled)
struct MissedEventTests {
  private static let one = Array(TestEngine.all.prefix(1))

  @Test("an exit whose event is missed is found by the next list", arguments: one)
  func missedExit(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(
      request: "^GET /events", swaps: [[#""Action":"die""#, #""Action":"dix""#]])
    let file = "services:\n  web: {image: pod-test/busybox, command: [sleep, \"0.5\"]}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--relist-interval", "1s"]), through: fault
    ) { pod, _ in
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(0), "\(end)")
    }
  }

  @Test("a refused or invalid list doesn't fail the pod", arguments: [500, 403, 200])
  func refusedList(status: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let fault = EngineTap.Fault(
      request: "^GET /containers/json", status: status, message: "no list today")
    let settings = PodSettings(options: [
      "--relist-interval", "1s", "--engine-timeout", "1s", "--cleanup-timeout", "2s",
    ])
    try await withPod(
      on: engine, "services:\n  web: {image: founding/base}\n", settings, through: fault
    ) { pod, tap in
      try await pod.running()
      try await eventually("some lists") { tap.injections.count >= 4 }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(150))
      // The cleanup uses the same list to find the remaining objects, so it can't find them here.
      #expect(end.states.last == "TASK_KILLED", "\(end)")
      try await Leftovers.of(run: pod.run, on: engine).remove(from: engine)
    }
  }

  @Test("a removal whose event is missed is found by the next list", arguments: one)
  func missedRemoval(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(
      request: "^GET /events",
      swaps: [
        [#""Action":"die""#, #""Action":"dix""#], [#""Action":"destroy""#, #""Action":"destrox""#],
      ])
    let file = "services:\n  web: {image: founding/base}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--relist-interval", "1s"]), through: fault
    ) { pod, _ in
      try await pod.running()
      try await engine.docker("rm", "-f", "\(pod.task)_web").output()
      let end = try await pod.ended(within: .seconds(300))
      // A list between the kill and the removal reports the exit.
      let messages = [
        "the container of service 'web' was removed by someone else",
        "service 'web' was killed by SIGKILL (137)",
      ]
      #expect(messages.contains(end.message), "\(end)")
    }
  }
}
