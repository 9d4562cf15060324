import Foundation
import TestSupport
import Testing

/// Volumes without a name; the engine gives them no label.
@Suite("Anonymous volumes", .needsEngine, .throttled)
struct AnonymousVolumeTests {
  enum Origin: String, CaseIterable {
    case file, mount, image

    var service: String {
      switch self {
      case .file: "image: pod-test/busybox\n    volumes: [/data]"
      case .mount: "image: pod-test/busybox\n    volumes: [{type: volume, target: /data}]"
      case .image:
        "build: {dockerfile_inline: \"FROM pod-test/busybox\\nVOLUME /data\\n\"}"
      }
    }
  }

  enum Moment: String, CaseIterable {
    /// Before the start of the container; while it runs, so that the pod fails; between two starts;
    /// during the cleanup of the pod.
    case created, running, restarting, ending
  }

  private func volumes(of container: String, on engine: TestEngine) async throws -> [String] {
    let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}"
    return try await engine.docker("inspect", "--format", format, container).output()
      .split(separator: " ").map(String.init)
  }

  private func exists(_ volume: String, on engine: TestEngine) async throws -> Bool {
    try await engine.docker("volume", "inspect", volume).run().status == .exited(0)
  }

  @Test(
    "are removed with the pod, even after a foreign removal", arguments: Origin.allCases,
    Moment.allCases)
  func removed(origin: Origin, moment: Moment) async throws {
    let engine = try #require(TestEngine.all.first)
    let waiting =
      moment == .created ? "depends_on: {gate: {condition: service_healthy}}" : "init: false"
    let file = """
      services:
        gate:
          image: pod-test/busybox
          command: [sleep, "1000"]
          stop_signal: SIGKILL
          volumes: [".:/box"]
          healthcheck: {test: [CMD, test, -e, /box/go], interval: 0.2s, retries: 1000}
        web:
          \(origin.service)
          \(waiting)
          restart: on-failure
          stop_signal: SIGUSR1
          command: [sh, -c, 'trap "" USR1; until [ -e /data/again ]; do sleep 0.1; done; exit 1']
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "4s"])) { pod in
      let container = "\(pod.task)_web"
      try await eventually("its container") {
        try await engine.docker("inspect", container).run().status == .exited(0)
      }
      if moment != .created {
        try pod.sandbox.write("go", "")
        try await pod.running()
      }
      let before = try await volumes(of: container, on: engine)
      #expect(before.count == 1)
      switch moment {
      case .created:
        try await engine.docker("rm", "-f", container).output()
        try pod.sandbox.write("go", "")
        try await pod.running()
        pod.send(SIGTERM)
      case .running: try await engine.docker("rm", "-f", container).output()
      case .restarting:
        try await engine.docker("exec", container, "touch", "/data/again").output()
        try await pod.executor.line("a restart", in: .stderr) { $0.contains("starting it again") }
        try await engine.docker("rm", "-f", container).output()
        pod.send(SIGTERM)
      case .ending:
        pod.send(SIGTERM)
        // The pod may have removed it already.
        try await engine.docker("rm", "-f", container).run()
      }
      try await pod.ended()
      for volume in before { #expect(try await !exists(volume, on: engine), "\(volume)") }
    }
  }

  @Test("of other containers are kept, even if containers of the pod mounted them")
  func foreign() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "it-foreign-\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.docker(
      "run", "-d", "--name", name, "-v", "/theirs", "pod-test/busybox", "sleep", "1000"
    )
    .output()
    let theirs = try await volumes(of: name, on: engine)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sleep, "1000"]
          stop_signal: SIGKILL
          volumes: [/data]
          volumes_from: ["container:\(name)"]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let all = try await volumes(of: "\(pod.task)_web", on: engine)
      #expect(all.count == 2 && theirs.count == 1)
      // The foreign container is removed, and its volume is kept.
      try await engine.docker("rm", "-f", name).output()
      try await engine.docker("rm", "-f", "\(pod.task)_web").output()
      try await pod.ended()
      for volume in all {
        #expect(try await exists(volume, on: engine) == theirs.contains(volume))
      }
      for volume in theirs { try await engine.docker("volume", "rm", volume).output() }
    }
  }
}
