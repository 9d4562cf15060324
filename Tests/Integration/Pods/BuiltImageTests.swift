import Foundation
import TestSupport
import Testing

@Suite("The image of a service with build", .needsEngine, .throttled)
struct BuiltImageTests {
  /// A service that prints `word`. Its image is built again at each launch.
  private func file(_ word: String, _ more: String = "") -> String {
    """
    services:
      web:
        build:
          context: .
          dockerfile_inline: |
            FROM pod-test/busybox
            CMD echo \(word); trap 'exit 0' TERM; sleep 1000 & wait
    \(more.isEmpty ? "    init: false" : more)
    """
  }

  private func image(of pod: RunningPod, _ format: String) async throws -> String {
    let ids = try await pod.engine.docker(
      "ps", "-aq", "--filter", "label=mesos.container_id=\(pod.run)", "--filter",
      "label=com.docker.compose.service=web"
    ).output()
    return try await pod.engine.docker("inspect", "--format", format, ids).output()
  }

  @Test("has the name that Compose gives it, as long as the pod exists")
  func named() async throws {
    for engine in TestEngine.all {
      let word = UUID().uuidString
      var id = ""
      try await withPod(on: engine, file(word)) { pod in
        try await pod.says(word, service: "web")
        let project = try await image(
          of: pod, #"{{index .Config.Labels "com.docker.compose.project"}}"#)
        #expect(try await image(of: pod, "{{.Config.Image}}") == "\(project)-web")
        let shown = try await engine.docker(
          "ps", "--filter", "label=mesos.container_id=\(pod.run)", "--format", "{{.Image}}"
        ).output()
        #expect(shown == "\(project)-web")
        id = try await image(of: pod, "{{.Image}}")
        pod.send(SIGTERM)
        try await pod.ended()
        let names = try await engine.docker(
          "images", "--format", "{{.Repository}}", "--filter", "reference=\(project)*"
        ).output()
        #expect(names.isEmpty, "\(names)")
      }
      // The layers of the image are the cache of the next build.
      let tags = try await engine.docker("image", "inspect", "-f", "{{.RepoTags}}", id).output()
      #expect(tags == "[]")
      try await engine.docker("image", "rm", id).output()
    }
  }

  @Test("has the name in `image`")
  func given() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "pod-test/given-\(UUID().uuidString.lowercased())"
    for _ in 0..<2 {
      try await withPod(on: engine, file("given", "    image: \(name)")) { pod in
        try await pod.says("given", service: "web")
        #expect(try await image(of: pod, "{{.Config.Image}}") == name)
      }
    }
    try await engine.docker("image", "rm", name).output()
  }

  @Test(
    "is the built one, even if its name is moved to another image", arguments: [false, true])
  func renamed(isBuiltBefore: Bool) async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "pod-test/renamed-\(UUID().uuidString.lowercased())"
    // Before the executor resolves the name for the create request, or between the two requests.
    let request =
      isBuiltBefore ? "^POST /containers/create" : "^GET /images/pod-test/renamed-[^/]*/json"
    let hold = EngineTap.Fault(request: request, holdsRequest: true)
    let more = "    image: \(name)\n    pull_policy: build"
    try await EngineTap.with(engine, faults: [hold]) { tap in
      let settings = PodSettings(environment: ["DOCKER_HOST": tap.dockerHost])
      try await withPod(on: engine, file("built", more), settings) { pod in
        try await tap.isHeld()
        let id = try await engine.docker("image", "inspect", "-f", "{{.Id}}", name).output()
        try await engine.docker("tag", "founding/base", name).output()
        try await tap.release()
        try await pod.says("built", service: "web")
        #expect(try await image(of: pod, "{{.Image}}") == id)
        let found = try await pod.services()
        #expect(found == ["web"])
      }
    }
    try await engine.docker("image", "rm", name).output()
  }

  @Test("is refused if its healthcheck crashes the engine, unless the service has its own")
  func crashingCheck() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "pod-test/crashing-\(UUID().uuidString.lowercased())"
    let container = try await engine.docker("create", "pod-test/busybox", "sleep", "1000").output()
    try await Command(
      "curl",
      [
        "-sf", "--unix-socket", engine.socket, "-H", "Content-Type: application/json", "-d",
        #"{"Healthcheck":{"Test":["CMD"],"Interval":1000000000}}"#,
        "http://engine/commit?container=\(container)&repo=\(name)",
      ]
    ).output()
    try await engine.docker("rm", container).output()
    func file(_ service: String) -> String {
      "services:\n  web:\n    image: \(name)\n    command: [sleep, '1000']\n    \(service)\n"
    }
    for more in ["init: false", "healthcheck: {interval: 1s}"] {
      let end = try await podEnd(on: engine, file(more))
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:3:12: the healthcheck of the image"), "\(end)")
    }
    let hook = "services:\n  web:\n    image: founding/base\n    pre_start: [{image: \(name)}]\n"
    let end = try await podEnd(on: engine, hook)
    #expect(end.message.hasPrefix("compose.yaml:4:25: the healthcheck of the image"), "\(end)")
    for more in ["{disable: true}", "{test: [CMD, 'true'], interval: 300ms}"] {
      try await withPod(on: engine, file("healthcheck: \(more)")) { try await $0.running() }
    }
    try await engine.docker("image", "rm", name).output()
  }
}
