import Foundation
import TestSupport
import Testing

@Suite("Ports", .needsEngine, .throttled)
struct PortTests {
  @Test("are assigned in file order, and tcp and udp share one", arguments: TestEngine.all)
  func order(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(3)
    let file = """
      services:
        zeta:
          image: founding/base
          ports: ["53:53/udp", "53:53/tcp", "80:80"]
        alpha:
          image: founding/base
          ports:
            - target: 443
              published: "8443"
      """
    // Not sorted: the order of the offer counts.
    let offered = [ports[2], ports[0], ports[1]]
    try await withPod(on: engine, file, PodSettings(ports: offered)) { pod in
      #expect(
        try await pod.running()
          == "every service is up; zeta:53/udp on host port \(offered[0]), "
          + "zeta:53/tcp on host port \(offered[0]), zeta:80/tcp on host port \(offered[1]), "
          + "alpha:443/tcp on host port \(offered[2])")
      let published = try await engine.docker("port", "\(pod.task)_zeta").output()
      #expect(published.contains("53/udp -> 0.0.0.0:\(offered[0])"))
      #expect(published.contains("53/tcp -> 0.0.0.0:\(offered[0])"))
      #expect(published.contains("80/tcp -> 0.0.0.0:\(offered[1])"))
    }
  }

  @Test("include the first offered one as ${PORT0}", arguments: TestEngine.all)
  func variable(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(2)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["echo", "${PORT0} ${PORT1} ${PORTS}"]
          ports: ["9999:80", "${PORT0}:81"]
      """
    let end = try await podEnd(on: engine, file, PodSettings(ports: ports))
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["\(ports[0]) \(ports[1]) \(ports[0]),\(ports[1])"])
    #expect(end.stdout.contains { $0.contains("web:81/tcp on host port \(ports[0])") })
    #expect(end.stdout.contains { $0.contains("web:80/tcp on host port \(ports[1])") })
  }

  @Test("that exceed the offer fail the task with both numbers", arguments: TestEngine.all)
  func tooFew(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: founding/base
          ports: ["80:80", "81:81", "82:82"]
      """
    let end = try await podEnd(
      on: engine, file, PodSettings(ports: try FreePorts.take(2)))
    #expect(end.status == .exited(1))
    #expect(end.states == ["TASK_STARTING", "TASK_FAILED"])
    #expect(end.message.contains("the file publishes 3 ports, and 2 were offered"))
    #expect(end.message.hasPrefix("compose.yaml:4:"))
  }

  @Test("of the file are used with a warning if none were offered", arguments: TestEngine.all)
  func unoffered(on engine: TestEngine) async throws {
    let port = try FreePorts.take(1)[0]
    let file = """
      services:
        web:
          image: founding/base
          ports: ["\(port):80"]
      """
    try await withPod(on: engine, file) { pod in
      #expect(
        try await pod.running() == "every service is up; web:80/tcp on host port \(port)")
      try await pod.executor.line(containing: "warning: no ports were offered", in: .stderr)
    }
  }

  @Test("in use are named with their line", arguments: TestEngine.all)
  func inUse(on engine: TestEngine) async throws {
    let taken = try ListeningSocket(address: "0.0.0.0")
    let file = """
      services:
        store:
          {image: founding/base, stop_signal: SIGKILL}
        web:
          image: founding/base
          ports:
            - "\(taken.port):80"
      """
    // A service that was never started needs no grace.
    let end = try await podEnd(
      on: engine, file, PodSettings(options: ["--grace", "10m"]), within: .seconds(180))
    #expect(end.status == .exited(1))
    let message = "compose.yaml:7:9: host port \(taken.port) of service 'web' is already in use"
    #expect(end.message.hasPrefix(message + " by process \(getpid()) ("), "\(end)")
    #expect(end.message.contains("; hint: stop what uses it"))
    withExtendedLifetime(taken) {}
  }
}
