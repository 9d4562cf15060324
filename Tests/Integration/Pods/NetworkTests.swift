import Foundation
import TestSupport
import Testing

@Suite("Host names between services", .needsEngine, .throttled)
struct NetworkTests {
  /// A shell command that serves a page with the given text.
  private func serving(_ word: String) -> String {
    "echo \(word) > /tmp/index.html; trap \"exit 0\" TERM; httpd -f -p 80 -h /tmp & wait"
  }

  /// A shell command that requests each host's page until it gets one.
  private func asking(_ hosts: [String]) -> String {
    "for host in \(hosts.joined(separator: " ")); do "
      + "until page=$$(wget -qO- http://$$host/); do sleep 0.1; done; echo $$host: $$page; done"
  }

  @Test("service, container_name, alias and link resolve to it", arguments: TestEngine.all)
  func names(on engine: TestEngine) async throws {
    let names = ["store", "warehouse", "shelf", "linked"]
    let file = """
      services:
        store:
          image: pod-test/busybox
          container_name: warehouse
          command: ["sh", "-c", '\(serving("stock"))']
          networks:
            inside:
              aliases: [shelf]
        client:
          image: pod-test/busybox
          command: ["sh", "-c", '\(asking(names))']
          links: ["store:linked"]
          networks: [outside, inside]
      networks:
        inside: {}
        outside: {}
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await pod.says("linked: stock", service: "client")
      #expect(
        pod.output(of: "client") == names.map { "\($0): stock" })
      #expect(try await pod.networks().count == 2)
    }
  }

  @Test("a MAC address is applied on any network, or refused", arguments: TestEngine.all)
  func hardwareAddress(on engine: TestEngine) async throws {
    let address = "02:00:00:00:00:77"
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, cat /sys/class/net/*/address]
          networks: {first: {priority: 1}, second: {mac_address: "\(address)"}}
      networks: {first: {}, second: {}}
      """
    let version = try await engine.docker("version", "--format", "{{.Server.APIVersion}}").output()
    let minor = Int(version.filter { $0 != "\n" }.split(separator: ".").last ?? "") ?? 0
    let end = try await podEnd(on: engine, file)
    if minor < 44 {
      #expect(end.message.hasPrefix("compose.yaml:5:38: service 'web' can't be created"), "\(end)")
      #expect(end.message.contains("needs API 1.44"), "\(end)")
    } else {
      #expect(end.output(of: "web").contains(address), "\(end)")
    }
  }

  @Test("a link resolves to the container on Docker's own bridge", arguments: TestEngine.all)
  func bridge(on engine: TestEngine) async throws {
    let file = """
      store:
        image: pod-test/busybox
        command: ["sh", "-c", '\(serving("stock"))']
      client:
        image: pod-test/busybox
        command: ["sh", "-c", '\(asking(["linked"]))']
        links: ["store:linked"]
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await pod.says("linked: stock", service: "client")
      #expect(try await pod.networks().isEmpty)
    }
  }

  @Test("in one shared namespace every name resolves to it", arguments: TestEngine.all)
  func shared(on engine: TestEngine) async throws {
    let names = ["store", "owner", "ground", "client"]
    let file = """
      services:
        owner:
          image: founding/base
          container_name: ground
        store:
          image: pod-test/busybox
          network_mode: service:owner
          command: ["sh", "-c", '\(serving("stock"))']
        client:
          image: pod-test/busybox
          network_mode: service:owner
          command: ["sh", "-c", '\(asking(names))']
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await pod.says("client: stock", service: "client")
      #expect(
        pod.output(of: "client") == names.map { "\($0): stock" })
    }
  }
}
