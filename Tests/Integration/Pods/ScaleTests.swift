import Foundation
import TestSupport
import Testing

@Suite("Several containers of a service", .needsEngine, .throttled)
struct ScaleTests {
  @Test("have their own numbers, ports and names", arguments: TestEngine.all)
  func several(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          scale: 2
          command: ["sh", "-c", 'hostname > /tmp/index.html; trap "exit 0" TERM; httpd -f -p 80 -h /tmp & wait']
          ports: ["80"]
        idle: {image: pod-test/busybox, scale: 0}
        asker:
          image: pod-test/busybox
          links: [web]
          depends_on: [idle]
          stop_signal: KILL
          command:
            - sh
            - -c
            - for host in web-1 web-2; do until page=$$(wget -qO- http://$$host/); do sleep 0.1; done;
              echo $$host $$page; done; sleep 1000
      """
    let ports = try FreePorts.take(2)
    try await withPod(on: engine, file, PodSettings(ports: ports)) { pod in
      let said = try await pod.running()
      #expect(
        said == "every service is up; web:80/tcp on host port \(ports[0]), "
          + "web:80/tcp on host port \(ports[1])")
      let pages = try await [page(at: ports[0]), page(at: ports[1])].map {
        $0.filter { $0 != "\n" }
      }
      #expect(pages[0] != pages[1])
      try await pod.says("web-1 \(pages[0])", service: "asker")
      try await pod.says("web-2 \(pages[1])", service: "asker")
      let names = try await engine.docker(
        "ps", "--filter", "label=mesos.container_id=\(pod.run)", "--format",
        "{{.Names}} {{.Label \"com.docker.compose.container-number\"}}"
      ).output().split(separator: "\n").sorted()
      #expect(names == ["asker 1", "web-1 1", "web-2 2"].map { "\(pod.task)_\($0)" })
      try await engine.docker("kill", "\(pod.task)_web-2").output()
      let end = try await pod.ended()
      #expect(end.message == "service 'web/2' was killed by SIGKILL (137)")
    }
  }

  @Test("can't share one host port or address of the file: it is refused")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    let port = "services: {web: {image: pod-test/busybox, scale: 3, ports: ['8399:80']}}"
    let end = try await podEnd(on: engine, port)
    #expect(
      (end.stdout + end.stderr).contains { $0.contains("publish a range, 8399-8401") }, "\(end)")
    let address = """
      services: {web: {image: pod-test/busybox, scale: 2, networks: {n: {ipv4_address: 10.9.8.7}}}}
      networks: {n: {ipam: {config: [{subnet: 10.9.8.0/24}]}}}
      """
    let other = try await podEnd(on: engine, address)
    #expect(
      (other.stdout + other.stderr).contains { $0.contains("only one address, 10.9.8.7") },
      "\(other)"
    )
  }

  @Test("with attach: false write no output to the sandbox")
  func silent() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        loud: {image: pod-test/busybox, command: [echo, word]}
        silent: {image: pod-test/busybox, command: [echo, word], attach: false}
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.output(of: "loud") == ["word"])
    #expect(end.output(of: "silent").isEmpty, "\(end)")
  }
}
