import AgentStandIn
import EngineStandIn
import Foundation
import Reaping
import Testing
import TestSupport

@Suite("An engine of an older release", .needsEngine, .throttled)
struct OldEngineTests {
  /// The first engine: the stand-in behaves the same with any engine behind it.
  private let engine: TestEngine

  init() throws { engine = try #require(TestEngine.all.first) }

  /// Two services that use every feature of a pod, except features that the release lacks.
  private static func file(_ release: EngineRelease) -> String {
    """
    services:
      store:
        image: pod-test/busybox
        command: ["sh", "-c", 'cat /run/secrets/token; cp /page /kept/index.html;
          trap "echo stopped; exit 0" TERM; httpd -f -p 80 -h /kept & wait']
        init: true
        ports: ["80"]
        volumes: [kept:/kept]
        secrets: [token]
        configs: [{source: page, target: /page}]
        networks: {inside: {aliases: [shelf]}}
        healthcheck:
          test: wget -qO /dev/null http://127.0.0.1/
          interval: 500ms
          \(release.api < 29 ? "retries: 20" : "start_period: 20s")
        ulimits: {nofile: 512}
        cap_drop: [NET_RAW]
        mem_limit: 64m
        pre_start: [{command: ["sh", "-c", "echo prepared"]}]
        post_start: [{command: ["sh", "-c", "echo begun as $$(id -un)"], user: nobody}]
        pre_stop: [{command: ["sh", "-c", "echo leaving"]}]
      client:
        image: pod-test/busybox
        command: ["sh", "-c", 'wget -qO- http://shelf/; seq 1 20000;
          trap "exit 0" TERM; sleep 1000 & wait']
        depends_on: {store: {condition: service_healthy}}
        networks: [inside]
        volumes: [{type: tmpfs, target: /scratch, tmpfs: {size: 64k}}]
    networks: {inside: {}}
    volumes: {kept: {}}
    secrets: {token: {file: ./token}}
    configs: {page: {content: "the page\\n"}}
    """
  }

  private func settings(_ old: EngineStandIn, ports: [Int]? = nil) -> PodSettings {
    PodSettings(
      ports: ports, options: ["--grace", "5s"], environment: ["DOCKER_HOST": old.dockerHost],
      files: ["token": "secret\n"])
  }

  @Test("runs a pod from launch to cleanup, with complete output", arguments: EngineRelease.all)
  func pod(release: EngineRelease) async throws {
    let port = try FreePorts.take(1)[0]
    try await withOldEngine(release, before: engine) { old in
      let own = settings(old, ports: [port])
      try await withPod(on: engine, Self.file(release), own) { pod in
        try await pod.running()
        #expect(try await page(at: port) == "the page\n")
        try await pod.says("20000", service: "client")
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.output(of: "client") == ["the page"] + (1...20000).map(String.init))
        #expect(end.output(of: "store") == ["secret", "stopped"])
        #expect(end.output(of: "store pre_start ->") == ["prepared"])
        #expect(end.output(of: "store ->") == ["begun as nobody", "leaving"])
      }
    }
  }

  @Test("runs a job to its exit, and reports a failure's code", arguments: EngineRelease.all)
  func job(release: EngineRelease) async throws {
    let file = """
      services:
        first:
          image: pod-test/busybox
          command: ["sh", "-c", "echo done >/kept/it; echo to the error output >&2"]
          volumes: [kept:/kept]
        then:
          image: pod-test/busybox
          command: ["sh", "-c", "cat /kept/it; exit $$CODE"]
          environment: [CODE]
          tty: true
          volumes: [kept:/kept]
          depends_on: {first: {condition: service_completed_successfully}}
      volumes: {kept: {}}
      """
    try await withOldEngine(release, before: engine) { old in
      for code in [0, 7] {
        var own = settings(old)
        own.environment["CODE"] = "\(code)"
        let end = try await podEnd(on: engine, file, own)
        #expect(end.status == .exited(code == 0 ? 0 : 1), "\(end)")
        #expect(end.output(of: "then").map { $0.trimmingCharacters(in: .newlines) } == ["done"])
        #expect(end.output(of: "first", .stderr) == ["to the error output"])
        #expect(code == 0 || end.message.contains("7"), "\(end)")
      }
    }
  }

  @Test("has an infra container for a namespace", arguments: [EngineRelease.v1_13, .v17_12])
  func shared(release: EngineRelease) async throws {
    let file = """
      services:
        store:
          image: pod-test/busybox
          command: ["sh", "-c", 'echo shared > /tmp/index.html; httpd -f -p 80 -h /tmp']
        client:
          image: pod-test/busybox
          command: ["sh", "-c", 'until wget -qO- http://127.0.0.1/; do sleep 0.1; done']
          depends_on: [store]
      """
    try await withOldEngine(release, before: engine) { old in
      var own = settings(old)
      own.options += ["--share", "net,pid"]
      try await withPod(on: engine, file, own) { pod in
        try await pod.says("shared", service: "client")
      }
    }
  }

  @Test("builds an image with the docker command")
  func build() async throws {
    let file = """
      services:
        web:
          build:
            context: .
            dockerfile_inline: |
              FROM pod-test/busybox
              CMD ["echo", "built"]
      """
    try await withOldEngine(.v1_13, before: engine) { old in
      var own = settings(old)
      own.options += ["--rmi", "local"]
      let end = try await podEnd(on: engine, file, own)
      #expect(end.output(of: "web") == ["built"], "\(end)")
    }
  }

  @Test(
    "refuses unsupported keys with their location, before any object is created",
    arguments: [
      (EngineRelease.v1_13, "healthcheck: {test: 'true', start_period: 1s}", 25),
      (.v17_12, "device_cgroup_rules: ['c 1:3 r'], security_opt: ['systempaths=unconfined']", 35),
    ])
  func refused(release: EngineRelease, keys: String, api: Int) async throws {
    let file =
      "services: {web: {image: pod-test/busybox, networks: [n], \(keys)}}\nnetworks: {n: {}}"
    try await withOldEngine(release, before: engine) { old in
      let end = try await podEnd(on: engine, file, settings(old))
      #expect(end.states.last == "TASK_FAILED", "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:1:"), "\(end)")
      #expect(end.message.contains("1.\(api)"), "\(end)")
      #expect(!old.requests.contains { $0.hasPrefix("POST ") }, "\(old.requests)")
      #expect(old.requests.contains { $0.hasPrefix("GET ") })
    }
  }

  @Test(
    "connects a container once, even if its response is lost",
    arguments: [EngineRelease.v17_06, .v19_03])
  func connectedOnce(release: EngineRelease) async throws {
    let file = """
      services:
        web: {image: pod-test/busybox, command: [sleep, "1000"], init: true, networks: [a, b]}
      networks: {a: {}, b: {}}
      """
    try await withOldEngine(release, before: engine) { old in
      let behind = TestEngine(socket: old.socket, cgroups: engine.cgroups)
      let lost = EngineTap.Fault(
        request: "POST /networks/.*/connect", times: 1, losesResponse: true)
      try await EngineTap.with(behind, faults: [lost]) { tap in
        var own = settings(old)
        own.environment["DOCKER_HOST"] = tap.dockerHost
        try await withPod(on: engine, file, own) { pod in
          try await pod.running()
          #expect(tap.injections.count == 1)
          #expect(try await pod.networks().count == 2)
        }
      }
    }
  }

  @Test("is cleaned up by pod-reaper after a killed executor", arguments: EngineRelease.all)
  func reaped(release: EngineRelease) async throws {
    try await withReaperSite(on: engine) { site in
      try await withOldEngine(release, before: engine) { old in
        let own = settings(old, ports: try FreePorts.take(1))
        try await withPod(on: engine, Self.file(release), own) { pod in
          try await pod.running()
          try await pod.kill()
          var reaper = site.reaper(["--once", "--format", "json"])
          reaper.environment["DOCKER_HOST"] = old.dockerHost
          let end = try await ReaperEnd(reaper.run(within: .seconds(300)))
          #expect(end.status == .exited(0), "\(end)")
          let removed = try #require(end.pod(pod.run)?.removed, "\(end)")
          #expect(removed["containers"]?.count == 2 && removed["networks"]?.count == 1, "\(end)")
          #expect(removed["volumes"]?.count == 1 && removed["cgroups"]?.isEmpty == false, "\(end)")
          try await expectNothingLeft(of: pod)
        }
      }
    }
  }
}

@Suite("The stand-in for an older engine", .needsEngine, .throttled)
struct OldEngineAnswerTests {
  private func withOld(
    _ release: EngineRelease, _ body: (EngineStandIn) async throws -> Void
  ) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      let old = try EngineStandIn(release, engine: engine.socket, at: directory.path("old.sock"))
      defer { old.stop() }
      try await body(old)
    }
  }

  @Test("refuses a field of 1.41 on each older one", arguments: EngineRelease.all)
  func refuses(release: EngineRelease) async throws {
    try await withOld(release) { old in
      let body = #"{"Image":"no-such/image","HostConfig":{"CgroupnsMode":"host"}}"#
      let (status, text) = try await old.request("POST", "/containers/create", json: body)
      let isOlder = release != .v20_10
      // The real engine, if it gets the request, has no such image.
      #expect(status == (isOlder ? "400" : "404"), "\(text)")
      #expect(text.contains("no field HostConfig.CgroupnsMode") == isOlder, "\(text)")
      #expect(old.refusals.count == (isOlder ? 1 : 0))
    }
  }

  @Test("reports its own version, and no later fields", arguments: EngineRelease.all)
  func says(release: EngineRelease) async throws {
    try await withOld(release) { old in
      let version = try JSON(parsing: Array(try await old.request("GET", "/version").body.utf8))
      #expect(version["Version"]?.string == release.version)
      #expect(version["ApiVersion"]?.string == "1.\(release.api)")
      let newest = "/v1.\(release.api)/info"
      let info = try JSON(parsing: Array(try await old.request("GET", newest).body.utf8))
      #expect(info["ServerVersion"]?.string == release.version)
      #expect((info["CgroupVersion"] != nil) == (release.api >= 41))
      #expect(info["CgroupDriver"] != nil)
      let newer = "/v1.\(release.api + 1)/info"
      let (status, text) = try await old.request("GET", newer)
      #expect(status == "400" && text.contains("is too new"), "\(text)")
      let ping = try await Command(
        "curl", ["-si", "--unix-socket", old.socket, "http://engine/_ping"]
      ).output().lowercased()
      #expect(ping.contains("api-version: 1.\(release.api)\r\n"), "\(ping)")
      #expect(ping.contains("server: docker/\(release.version) (linux)\r\n"), "\(ping)")
      #expect(ping.contains("\nostype:") == (release.api >= 28), "\(ping)")
    }
  }

  @Test("reports failures with the status codes of its release", arguments: EngineRelease.all)
  func failures(release: EngineRelease) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withOld(release) { old in
      let id = try await engine.docker("create", "pod-test/busybox").output()
        .trimmingCharacters(in: .whitespacesAndNewlines)
      let (status, text) = try await old.request("POST", "/containers/\(id)/kill")
      #expect(status == (release.api < 32 ? "500" : "409"), "\(text)")
      #expect(text.contains("is not running"), "\(text)")
      let (removed, why) = try await old.request("DELETE", "/containers/\(id)?v=1")
      #expect(removed == "204", "\(why)")
    }
  }
}
