import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("An engine with an older API version", .needsEngine, .throttled)
struct OlderAPITests {
  static let versions = ["1.25", "1.30", "1.35", "1.40"]
  private let engine: TestEngine

  init() throws { engine = try #require(TestEngine.all.first) }

  private func settings(_ version: String, ports: [Int]? = nil) -> PodSettings {
    PodSettings(ports: ports, environment: ["DOCKER_API_VERSION": version])
  }

  /// A pod with features that each version has: two networks, volumes, a healthcheck, hooks,
  /// limits.
  private static let file = """
    services:
      store:
        image: pod-test/busybox
        command: [sh, -c, 'cat /kept/made /word; trap "exit 0" TERM; httpd -f -p 80 -h /kept & wait']
        container_name: warehouse
        networks: {inside: {aliases: [shelf]}}
        volumes: [kept:/kept, {type: volume, target: /own}]
        healthcheck: {test: [CMD, test, -e, /kept/ready], interval: 1s, retries: 30}
        configs: [word]
        init: true
        ipc: shareable
        cgroup: host
        cap_add: [NET_ADMIN]
        cap_drop: [MKNOD]
        cpus: 0.5
        pids_limit: 50
        sysctls: {net.ipv4.ip_unprivileged_port_start: '0'}
        ulimits: {nofile: 1000}
        pre_start: [{command: [sh, -c, 'echo made > /kept/made']}]
        post_start: [{command: [sh, -c, 'echo $$WHO; touch /kept/ready'], environment: {WHO: hook}}]
        pre_stop: [{command: [echo, leaving]}]
      client:
        image: pod-test/busybox
        platform: linux/amd64
        command: [sh, -c, 'until wget -qO- http://shelf/made; do sleep 0.1; done; trap "exit 0" TERM; sleep 1000 & wait']
        networks: [outside, inside]
        depends_on: {store: {condition: service_healthy}}
        volumes:
          - {type: tmpfs, target: /t, tmpfs: {size: 1m}}
          - {type: bind, source: ., target: /b, bind: {propagation: rprivate}}
    networks: {inside: {}, outside: {}}
    volumes: {kept: {}}
    configs: {word: {content: "told\\n"}}
    """

  @Test("runs a pod from launch to cleanup", arguments: versions)
  func life(version: String) async throws {
    try await withPod(on: engine, Self.file, settings(version)) { pod in
      try await pod.running()
      try await pod.says("made", service: "store")
      try await pod.says("told", service: "store")
      try await pod.says("made", service: "client")
      #expect(pod.output(of: "store ->") == ["hook"])
      #expect(try await pod.networks().count == 2)
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.output(of: "store ->").last == "leaving")
      #expect(!end.stderr.contains { $0.contains("error") }, "\(end)")
    }
  }

  @Test("runs the founding sample", arguments: versions)
  func founding(version: String) async throws {
    let ports = try FreePorts.take(2)
    try await Sample.founding.run(on: engine, settings(version, ports: ports)) { pod in
      try await pod.running()
      let text = try await page(at: ports[0], path: "/cgi-bin/index.cgi")
      #expect(text.contains("This page was seen 1 times."), "\(text)")
      #expect(try await pod.services() == ["base", "redis", "web"])
    }
  }

  @Test("refuses features that the version lacks before any object is created")
  func refused() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          volumes: ["data:/v"]
        last:
          image: no-such/image-anywhere
          healthcheck:
            start_period: 5s
      volumes: {data: {}}
      """
    try await EngineTap.with(
      engine,
      faults: [
        .init(
          request: "POST /(networks|volumes|containers|images)", status: 500, message: "requested")
      ]
    ) { tap in
      var capped = settings("1.28")
      capped.environment["DOCKER_HOST"] = tap.dockerHost
      let end = try await podEnd(on: engine, file, capped)
      #expect(end.status == .exited(1))
      #expect(
        end.message
          == "compose.yaml:8:7: service 'last' can't be created: healthcheck.start_period needs API 1.29 (Docker 17.05), DOCKER_API_VERSION is 1.28",
        "\(end)")
      #expect(tap.injections.isEmpty)
    }
  }

  @Test("is cleaned up by pod-reaper", arguments: versions)
  func reaped(version: String) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod, settings(version)) { dead in
        try await dead.running()
        try await dead.kill()
        let end = try ReaperEnd(
          await Command(
            BuiltProgram.podReaper, ["--once", "--format", "json"] + site.options,
            environment: ["DOCKER_HOST": engine.dockerHost, "DOCKER_API_VERSION": version]
          ).run(within: .seconds(300)))
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(dead.run)?.removed["containers"]?.count == 3, "\(end)")
        try await expectNothingLeft(of: dead)
      }
    }
  }

  @Test("is never contacted by a program with an invalid DOCKER_API_VERSION")
  func misspelled() async throws {
    for (program, words) in [
      (BuiltProgram.podReaper, ["--once"]), (BuiltProgram.composeExecutor, ["run", "-f", "x"]),
    ] {
      let result = try await Command(
        program, words,
        environment: ["DOCKER_HOST": engine.dockerHost, "DOCKER_API_VERSION": "twelve"]
      ).run(within: .seconds(300))
      #expect(result.status != .exited(0))
      #expect(
        result.stderr.contains("DOCKER_API_VERSION=twelve: expected a version such as 1.51"),
        "\(result)")
      #expect(result.stderr.split(separator: "\n").count == 1, "\(result)")
    }
  }
}
