import Foundation
import TestSupport
import Testing

@Suite("The connection to the engine", .needsEngine, .throttled)
struct ConnectionTests {
  @Test("can be cut at any time without losing or repeating a log line", arguments: TestEngine.all)
  func cut(on engine: TestEngine) async throws {
    let count = 3000
    let file = """
      services:
        plain:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - 'i=0; while [ $$i -lt \(count) ]; do i=$$((i + 1)); echo line $$i;
              [ $$((i % 50)) -ne 0 ] || { echo fifty $$i >&2; sleep 0.2; }; done'
        terminal:
          image: pod-test/busybox
          tty: true
          command: ["sh", "-c", 'i=0; while [ $$i -lt \(count) ]; do i=$$((i + 1)); echo line $$i;
            [ $$((i % 50)) -ne 0 ] || sleep 0.2; done']
      """
    try await EngineProxy.with(engine) { proxy in
      let settings = PodSettings(environment: ["DOCKER_HOST": "tcp://127.0.0.1:\(proxy.port)"])
      try await withPod(on: engine, file, settings) { pod in
        for mark in [400, 1100, 2000] {
          try await pod.says("line \(mark)", service: "plain", within: .seconds(180))
          try await proxy.cut()
          try await proxy.open()
        }
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(0), "\(end)")
        let lines = (1...count).map { "line \($0)" }
        #expect(end.output(of: "plain") == lines)
        #expect(end.output(of: "terminal") == lines.map { $0 + "\r" })
        #expect(
          end.output(of: "plain", .stderr)
            == stride(from: 50, through: count, by: 50).map { "fifty \($0)" })
        #expect(!end.stderr.contains { $0.contains("rotated") }, "\(end)")
      }
    }
  }

  @Test("doesn't hide an exit that the engine reports late: it is inspected again")
  func hidden() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "until [ -e /box/go ]; do sleep 0.05; done; echo gone; exit 5"]
          volumes: [".:/box"]
      """
    try await EngineProxy.with(engine) { proxy in
      let settings = PodSettings(
        options: ["--log-level", "debug"],
        environment: ["DOCKER_HOST": "tcp://127.0.0.1:\(proxy.port)"])
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        try await proxy.hideContainers()
        try pod.sandbox.write("go", "")
        try await pod.executor.line(containing: "debug: the exit of container", in: .stderr)
        try await proxy.open()
        let end = try await pod.ended(within: .seconds(300))
        #expect(end.message == "service 'web' exited with 5: gone", "\(end)")
        #expect(!end.stderr.contains { $0.contains("the engine is away") })
      }
    }
  }

  @Test("reports in one line that a log was rotated while it was cut", arguments: TestEngine.all)
  func rotated(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          logging:
            driver: json-file
            options: {max-size: 20k, max-file: "2"}
          volumes: ["./flags:/flags"]
          command:
            - sh
            - -c
            - 'echo ready; until [ -e /flags/go ]; do sleep 0.1; done;
              i=0; while [ $$i -lt 20000 ]; do i=$$((i + 1)); echo line $$i; done; echo > /flags/done;
              until [ -e /flags/leave ]; do sleep 0.1; done; echo last'
      """
    try await EngineProxy.with(engine) { proxy in
      let settings = PodSettings(
        environment: ["DOCKER_HOST": "tcp://127.0.0.1:\(proxy.port)"], files: ["flags/none": ""])
      try await withPod(on: engine, file, settings) { pod in
        try await pod.says("ready", service: "web")
        try await pod.running()
        // Lines of the first two seconds can be mistaken for the beginning of the log.
        let start = ContinuousClock.now
        try await eventually("three seconds") { .now - start > .seconds(3) }
        try await proxy.cut()
        try pod.sandbox.write("flags/go", "")
        try await eventually("the end of the flood", within: .seconds(180)) {
          FileManager.default.fileExists(atPath: pod.sandbox.path("flags/done"))
        }
        try await proxy.open()
        try await pod.says("line 20000", service: "web")
        try pod.sandbox.write("flags/leave", "")
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web").filter { $0 == "ready" }.count == 1)
        #expect(end.output(of: "web").last == "last")
        let words = "compose-executor: output of 'web' from while the engine was away"
        #expect(end.stderr.filter { $0.contains("rotated") }.count == 1, "\(end)")
        #expect(end.stderr.contains { $0.hasPrefix(words) }, "\(end)")
      }
    }
  }

  @Test("uses TLS with a client certificate if DOCKER_TLS_VERIFY is set")
  func tls() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      try await Certificates.make(in: directory.path)
      try await EngineProxy.with(engine, certificates: directory.path) { proxy in
        var settings = PodSettings(environment: [
          "DOCKER_HOST": "tcp://127.0.0.1:\(proxy.port)", "DOCKER_TLS_VERIFY": "1",
          "DOCKER_CERT_PATH": directory.path,
        ])
        let file = """
          services:
            web:
              image: pod-test/busybox
              command: ["echo", "by way of TLS"]
          """
        let end = try await podEnd(on: engine, file, settings)
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["by way of TLS"])

        try await withTemporaryDirectory { other in
          try await Certificates.make(in: other.path)
          settings.environment["DOCKER_CERT_PATH"] = other.path
          let refused = try await podEnd(on: engine, file, settings)
          #expect(refused.status == .exited(1))
          #expect(refused.states == ["TASK_STARTING", "TASK_FAILED"])
          #expect(refused.message.contains("certificate"), "\(refused)")
        }
      }
    }
  }
}
