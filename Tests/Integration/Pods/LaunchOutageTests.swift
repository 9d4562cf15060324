import Foundation
import TestSupport
import Testing

/// The requests of a launch, in the order in which each is sent for the first time.
private let requests = [
  "^GET /info", "^GET /events", "^GET /images/", "^POST /networks/create", "^POST /volumes/create",
  "^POST /containers/create", "^PUT /containers/[^/]+/archive", "^POST /containers/[^/]+/attach",
  "^POST /networks/[^/]+/connect", "^POST /containers/[^/]+/start",
]

@Suite("An engine that is unavailable during the launch", .needsEngine, .throttled)
struct LaunchOutageTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: [cat, /word]
        configs: [{source: word, target: /word}]
        networks: [one, two]
        volumes: ["data:/data"]
    networks: {one: {}, two: {}}
    volumes: {data: {}}
    configs: {word: {content: here}}
    """

  @Test("is waited for, whichever request fails first", arguments: requests)
  func away(request: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let hold = EngineTap.Fault(request: request, times: 1, holdsRequest: true)
    try await withPod(on: engine, Self.file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await tap.close()
      try await pod.executor.line(containing: "the engine is away", in: .stderr)
      try await tap.open()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"], "\(end)")
    }
  }
}
