import Foundation
import TestSupport
import Testing

@Suite("Forms of mounts, networks and volumes_from", .needsEngine, .throttled)
struct ServiceFormTests {
  @Test(
    "a missing directory of a long bind mount is created",
    arguments: ["", ", read_only: true", ", consistency: cached"])
  func madeDirectory(rest: String) async throws {
    for engine in TestEngine.all {
      let file = """
        services:
          web:
            image: pod-test/busybox
            command: [stat, -c, "%F", /c]
            volumes: [{type: bind, source: ./absent/dir, target: /c\(rest)}]
        """
      try await withPod(on: engine, file) { pod in
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["directory"], "\(end)")
        #expect(FileManager.default.fileExists(atPath: pod.sandbox.path + "/absent/dir"))
      }
    }
  }

  @Test("a missing directory with create_host_path: false is refused with its line")
  func notMade() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          volumes:
            - {type: bind, source: ./absent, target: /c, bind: {create_host_path: false}}
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.message.hasPrefix("compose.yaml:5:9: "), "\(end)")
  }

  @Test("two keys with the same name are one network", arguments: TestEngine.all)
  func oneNetwork(on engine: TestEngine) async throws {
    let file = """
      services:
        both:
          image: pod-test/busybox
          command: [sh, -c, "hostname -i | wc -w; nslookup other-alias >/dev/null && echo found"]
          networks: [n, m]
          depends_on: [other]
        other:
          image: pod-test/busybox
          command: [sleep, "60"]
          stop_signal: SIGKILL
          x-pod: {role: sidecar}
          networks: {m: {aliases: [other-alias]}}
      networks:
        n: {name: same, labels: {a: b}}
        m: {name: same}
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "both") == ["1", "found"], "\(end)")
  }

  @Test("volumes_from container: accepts a container_name of the file", arguments: TestEngine.all)
  func volumesFromOwn(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [cat, /d/a]
          volumes_from: ["container:base-name:ro"]
        base:
          image: pod-test/busybox
          container_name: base-name
          command: ["true"]
          volumes: ["./d:/d"]
      """
    let end = try await podEnd(on: engine, file, PodSettings(files: ["d/a": "shared\n"]))
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["shared"], "\(end)")
  }
}
