import Foundation
import TestSupport
import Testing

@Suite("Objects that don't belong to the pod", .needsEngine, .throttled)
struct ForeignTests {
  @Test(
    "a container of an image committed from a pod's container outlives the pod",
    arguments: TestEngine.all)
  func committed(on engine: TestEngine) async throws {
    let image = "it-committed-\(UUID().uuidString.prefix(8).lowercased())"
    try await withPod(on: engine, "services:\n  web:\n    image: founding/base\n") { pod in
      try await pod.running()
      try await engine.docker("commit", "\(pod.task)_web", image).output()
      let copy = try await engine.docker("run", "-d", image).output()
      do {
        pod.send(SIGTERM)
        let end = try await pod.ended(within: .seconds(300))
        #expect(end.status == .exited(130), "\(end)")
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(left.containers == [copy])
        let state = try await engine.docker("inspect", "-f", "{{.State.Running}}", copy).output()
        #expect(state == "true")
      } catch {
        Issue.record(error)
      }
      try await engine.docker("rm", "-fv", copy).run()
      try await engine.docker("rmi", image).run()
    }
  }

  @Test("the exit of such a container doesn't stop the pod", arguments: TestEngine.all)
  func foreignEnd(on engine: TestEngine) async throws {
    let image = "it-committed-\(UUID().uuidString.prefix(8).lowercased())"
    try await withPod(on: engine, "services:\n  web:\n    image: founding/base\n") { pod in
      try await pod.running()
      try await engine.docker("commit", "\(pod.task)_web", image).output()
      try await engine.docker("run", "--rm", image, "false").run()
      try await engine.docker("rmi", image).output()
      #expect(try await pod.services() == ["web"])
      pod.send(SIGTERM)
      #expect(try await pod.ended().states.last == "TASK_KILLED")
    }
  }

  @Test("external networks and volumes are not removed", arguments: TestEngine.all)
  func external(on engine: TestEngine) async throws {
    let name = "it-external-\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.docker("network", "create", name).output()
    try await engine.docker("volume", "create", name).output()
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "echo kept > /data/word"]
          networks: [outside]
          volumes: ["data:/data"]
      networks:
        outside: {external: true, name: \(name)}
      volumes:
        data: {external: true, name: \(name)}
      """
    do {
      let end = try await podEnd(on: engine, file)
      #expect(end.status == .exited(0), "\(end)")
      let word = try await engine.docker(
        "run", "--rm", "-v", "\(name):/data", "pod-test/busybox", "cat", "/data/word"
      ).output()
      #expect(word == "kept")
    } catch {
      Issue.record(error)
    }
    try await engine.docker("network", "rm", name).output()
    try await engine.docker("volume", "rm", name).output()
  }

  @Test("an external network that doesn't exist is refused", arguments: TestEngine.all)
  func absent(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: founding/base
          networks: [outside]
      networks:
        outside:
          external: true
          name: it-is-not-there
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("compose.yaml:8:"), "\(end)")
    #expect(end.message.contains("external network 'it-is-not-there' doesn't exist"))
  }
}
