import Foundation
import TestSupport
import Testing

@Suite("Pulls", .needsEngine, .throttled)
struct PullTests {
  private func file(_ image: String) -> String {
    """
    services:
      web:
        image: \(image)
        command: ["echo", "here"]
    """
  }

  @Test("are retried until an unavailable registry responds", arguments: TestEngine.all)
  func again(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      try await registry.stop()
      try await withPod(on: engine, file(image)) { pod in
        try await pod.executor.line("a second try", in: .stderr) {
          $0.contains("warning: pull of \(image) failed, trying again in ")
        }
        try await registry.start()
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["here"])
        #expect(end.stderr.filter { $0.contains("info: pulled \(image)") }.count == 1)
      }
      try await engine.docker("rmi", image).output()
    }
  }

  @Test("fail the pod after five tries", arguments: TestEngine.all)
  func givenUp(on engine: TestEngine) async throws {
    let image = "127.0.0.1:\(try FreePorts.take(1)[0])/nobody:1"
    let end = try await podEnd(on: engine, file(image))
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.message.hasPrefix("compose.yaml:3:12: image '\(image)' can't be pulled: "))
    let waits = end.stderr.filter { $0.contains("trying again in ") }.map {
      $0.firstMatch(of: /trying again in (\d+\.\d+) seconds/)?.1 ?? ""
    }
    #expect(waits == ["1.0", "2.0", "4.0", "8.0"], "\(end)")
  }

  @Test("that a registry refuses are not retried", arguments: TestEngine.all)
  func refusal(on engine: TestEngine) async throws {
    let registry = try FalseRegistry(.hasNothing)
    let end = try await podEnd(on: engine, file(registry.image("nothing")))
    #expect(end.status == .exited(1), "\(end)")
    #expect(registry.requests > 0)
    #expect(!end.stderr.contains { $0.contains("trying again") }, "\(end)")
  }

  @Test("with pull_policy always replace an existing image", arguments: TestEngine.all)
  func always(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      // The host's image of this name is another one.
      try await engine.docker("tag", "founding/redis", image).output()
      let command = "test -e /bin/redis-server && echo the host || echo the registry"
      func run(_ policy: String) async throws -> PodEnd {
        try await podEnd(
          on: engine,
          """
          services:
            web:
              image: \(image)
              pull_policy: \(policy)
              command: ["sh", "-c", "\(command)"]
          """)
      }
      let stale = try await run("missing")
      #expect(!stale.stderr.contains { $0.contains("info: pulling") }, "\(stale)")
      #expect(stale.output(of: "web") == ["the host"])
      let young = try await run("daily")
      #expect(young.output(of: "web") == ["the host"], "\(young)")
      let old = try await run("refresh")
      #expect(old.output(of: "web") == ["the registry"], "\(old)")
      let fresh = try await run("always")
      #expect(fresh.status == .exited(0), "\(fresh)")
      #expect(fresh.output(of: "web") == ["the registry"])
      #expect(fresh.stderr.contains { $0.contains("info: pulled \(image)") })
      try await engine.docker("rmi", image).output()
    }
  }

  @Test(
    "use the credentials of the sandbox, of DOCKER_CONFIG and of HOME",
    arguments: TestEngine.all)
  func credentials(on engine: TestEngine) async throws {
    try await Registry.lend(isPrivate: true) { registry in
      let image = try await registry.image(on: engine)
      let refused = try await podEnd(on: engine, file(image))
      #expect(refused.status == .exited(1), "\(refused)")
      #expect(refused.message.hasPrefix("compose.yaml:3:12: image '\(image)' can't be pulled: "))
      #expect(refused.message.contains("; hint: check the image's name; a private one needs"))
      #expect(!refused.stderr.contains { $0.contains("trying again") }, "\(refused)")
      let absent = try await podEnd(
        on: engine, file("\(image)-none"),
        PodSettings(files: [".docker/config.json": registry.credentials]))
      #expect(absent.message.contains("; hint: the registry has no such name or tag"), "\(absent)")
      try await withTemporaryDirectory { directory in
        try directory.write("config.json", registry.credentials)
        try directory.write(".docker/config.json", registry.credentials)
        for settings in [
          PodSettings(files: [".docker/config.json": registry.credentials]),
          PodSettings(environment: ["DOCKER_CONFIG": directory.path]),
          PodSettings(environment: ["HOME": directory.path]),
        ] {
          let end = try await podEnd(on: engine, file(image), settings)
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.output(of: "web") == ["here"])
          try await engine.docker("rmi", image).output()
        }
      }
    }
  }
}
