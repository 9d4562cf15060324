import Foundation
import TestSupport
import Testing

/// The requests of a launch that name an existing container, in their order.
private let requests = [
  "^PUT /containers/[^/]+/archive", "^POST /containers/[^/]+/attach",
  "^POST /networks/[^/]+/connect", "^POST /containers/[^/]+/start",
]

/// dockerd's responses while another client's removal of the container is in progress.
private let removals = [
  EngineTap.Fault(
    request: requests[2], times: 1, status: 403,
    message:
      "Container CONTAINER is marked for removal and cannot be connected or disconnected to the network"
  ),
  EngineTap.Fault(
    request: requests[3], times: 1, status: 409,
    message: "container is marked for removal and cannot be started"),
]

@Suite("A container that another client removes in the launch", .needsEngine, .throttled)
struct VanishedDuringLaunchTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: [cat, /word]
        configs: [{source: word, target: /word}]
        networks: [one, two]
    networks: {one: {}, two: {}}
    configs: {word: {content: here}}
    """

  @Test("is created again, whichever request fails first", arguments: requests)
  func gone(request: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let hold = EngineTap.Fault(request: request, times: 1, holdsRequest: true)
    try await withPod(on: engine, Self.file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "\(pod.task)_web").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"], "\(end)")
    }
  }

  @Test(
    "is created again, whichever request meets its removal", arguments: removals.indices)
  func removing(number: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, Self.file, through: removals[number]) { pod, tap in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"], "\(end)")
      #expect(tap.injections.count == 1)
    }
  }
}
