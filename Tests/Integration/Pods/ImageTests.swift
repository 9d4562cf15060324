import Foundation
import TestSupport
import Testing

@Suite("Images", .needsEngine, .throttled)
struct ImageTests {
  @Test("that no registry has fail the pod in one line with location", arguments: TestEngine.all)
  func missing(on engine: TestEngine) async throws {
    let registry = try FalseRegistry(.hasNothing)
    let image = registry.image("nobody/nothing:1")
    let file = """
      services:
        ready:
          image: founding/base
        web:
          image: \(image)
      """
    let end = try await podEnd(on: engine, file, within: .seconds(300))
    #expect(end.status == .exited(1))
    #expect(end.states == ["TASK_STARTING", "TASK_FAILED"])
    #expect(
      end.message.hasPrefix("compose.yaml:5:12: image '\(image)' can't be pulled: "), "\(end)")
    withExtendedLifetime(registry) {}
  }

  @Test("with pull_policy never cause no request to a registry", arguments: TestEngine.all)
  func never(on engine: TestEngine) async throws {
    let registry = try FalseRegistry(.hasNothing)
    let image = registry.image("nothing")
    let file = "services:\n  web:\n    pull_policy: never\n    image: \(image)\n"
    let end = try await podEnd(on: engine, file, within: .seconds(300))
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("compose.yaml:4:12: image '\(image)' is not on this host"))
    #expect(registry.requests == 0)
  }

  @Test("with `build` are refused if there is no docker command", arguments: TestEngine.all)
  func noDocker(on engine: TestEngine) async throws {
    let file = "services:\n  web:\n    build: .\n"
    let end = try await podEnd(
      on: engine, file,
      PodSettings(
        environment: ["PATH": "/nonexistent"], files: ["Dockerfile": "FROM founding/base\n"]))
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("compose.yaml:3:"), "\(end)")
    #expect(end.message.contains("there is no docker command on PATH"))
  }

  @Test(
    "that exist are used and others are built, unless pull_policy is build",
    arguments: [nil, "never", "missing", "build"])
  func builtWhenMissing(policy: String?) async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "pod-test/built-\(UUID().uuidString.lowercased())"
    func file(_ word: String) -> String {
      let line = policy.map { "    pull_policy: \($0)\n" } ?? ""
      return "services:\n  web:\n    image: \(name)\n\(line)    build:\n      context: .\n"
        + "      dockerfile_inline: |\n        FROM pod-test/busybox\n        CMD echo \(word)\n"
    }
    // With `missing`, a registry's image is preferred to a build.
    if policy != "missing" {
      let first = try await podEnd(on: engine, file("first"))
      #expect(first.output(of: "web") == ["first"], "\(first)")
    } else {
      try await engine.docker("tag", "pod-test/busybox", name).output()
    }
    let second = try await podEnd(on: engine, file("second"))
    #expect(second.status == .exited(0), "\(second)")
    switch policy {
    case "build": #expect(second.output(of: "web") == ["second"], "\(second)")
    case "missing": #expect(second.output(of: "web").isEmpty, "\(second)")
    default: #expect(second.output(of: "web") == ["first"], "\(second)")
    }
    try await engine.docker("image", "rm", name).output()
  }

  @Test("are built from the sandbox", arguments: TestEngine.all)
  func built(on engine: TestEngine) async throws {
    let mark = UUID().uuidString
    let file = """
      services:
        web:
          build:
            context: app
            args:
              WORD: \(mark)
      """
    let recipe = """
      FROM pod-test/busybox
      ARG WORD
      ADD greeting /greeting
      ENV WORD=$WORD
      CMD cat /greeting; echo $WORD
      """
    let end = try await podEnd(
      on: engine, file,
      PodSettings(files: ["app/Dockerfile": recipe, "app/greeting": "built here\n"]))
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["built here", mark])
  }

  @Test("are built from a Dockerfile in the Compose file, with all options of docker build")
  func inline() async throws {
    let engine = try #require(TestEngine.all.first)
    let tag = "inline-\(UUID().uuidString.lowercased()):extra"
    let file = """
      services:
        web:
          build:
            dockerfile_inline: |
              FROM pod-test/busybox
              RUN grep made /etc/hosts > /made; ulimit -n >> /made
              CMD ["cat", "/made"]
            extra_hosts: [made=10.1.2.3]
            ulimits: {nofile: {soft: 500, hard: 600}}
            shm_size: 32m
            tags: ["\(tag)"]
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["10.1.2.3\tmade", "500"])
    try await engine.docker("rmi", tag).output()
  }

  @Test("and containers get the proxies of the docker command's configuration")
  func proxies() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          build: {context: app, args: {HTTPS_PROXY: own}}
          environment: {NO_PROXY: own}
      """
    let recipe = """
      FROM pod-test/busybox
      RUN echo "built $HTTP_PROXY $HTTPS_PROXY $https_proxy" >/built
      CMD cat /built; echo "run $HTTP_PROXY $NO_PROXY"
      """
    let configuration = """
      {"proxies": {"default": {"httpProxy": "http://one", "httpsProxy": "http://two", "noProxy": "all"}}}
      """
    let end = try await podEnd(
      on: engine, file,
      PodSettings(files: ["app/Dockerfile": recipe, ".docker/config.json": configuration]))
    #expect(
      end.output(of: "web") == ["built http://one own http://two", "run http://one own"], "\(end)")
    // An invalid configuration causes only a warning.
    let broken = try await podEnd(
      on: engine, "services:\n  web: {image: pod-test/busybox, command: [\"true\"]}\n",
      PodSettings(files: [".docker/config.json": #"{"proxies": 1}"#]))
    #expect(broken.status == .exited(0), "\(broken)")
    #expect(
      broken.stderr.contains { $0.contains("/.docker/config.json can't be used") }, "\(broken)")
  }

  @Test("with the pod's own container ID as a label are refused: pod-reaper would see copies")
  func ownLabel() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services:\n  web:\n    build: {context: ., args: {RUN: $RUN}}\n"
    let recipe = "FROM pod-test/busybox\nARG RUN\nLABEL mesos.container_id=$RUN\n"
    let run = UUID().uuidString.lowercased()
    for (other, status) in [(run, ExitStatus.exited(1)), ("another", .exited(0))] {
      let end = try await podEnd(
        on: engine, file + "    command: [\"true\"]\n",
        PodSettings(environment: ["RUN": other], files: ["Dockerfile": recipe], run: run))
      #expect(end.status == status, "\(end)")
      if status != .exited(0) {
        #expect(end.message.hasPrefix("compose.yaml:3:5: label 'mesos.container_id' of the image"))
      }
    }
  }

  @Test("whose build fails fail the pod with docker's last output", arguments: TestEngine.all)
  func brokenBuild(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine, "services:\n  web:\n    build: .\n",
      PodSettings(files: ["Dockerfile": "FROM pod-test/busybox\nADD absent /\n"]))
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("compose.yaml:3:"))
    #expect(end.message.contains("absent"), "\(end)")
  }

  @Test("are pulled from a registry, once for two services", arguments: TestEngine.all)
  func pulled(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      let file = """
        services:
          first:
            image: \(image)
            command: ["echo", "pulled"]
          second:
            image: \(image)
            command: ["echo", "pulled too"]
        """
      let end = try await podEnd(on: engine, file)
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "first") == ["pulled"])
      #expect(end.output(of: "second") == ["pulled too"])
      #expect(end.stderr.filter { $0.contains("info: pulled \(image)") }.count == 1)
      // Images are kept: they belong to the host.
      try await engine.docker("rmi", image).output()
    }
  }
}
