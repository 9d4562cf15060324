import AgentStandIn
import Foundation
import TestSupport
import Testing

/// The network location of the checked service, and how the check finds it.
private struct CheckPlaceCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// Further keys of the service `web`.
  var keys: [String] = []
  /// Further parts of the file. CASE is a hexadecimal number that no other case has.
  var file = ""
  var labels: [(key: String, value: String)] = [("pod.check_service", "web")]
  var kinds: [String] = ["HTTP", "TCP", "COMMAND"]
  var isIPv6 = false
  /// Whether the check uses a host port.
  var isPublished = false

  /// The Compose file; `web` listens until the sandbox has the file `sick`.
  func text(port: Int) -> String {
    """
    services:
      first: {image: pod-test/busybox, command: [sleep, '100000'], stop_signal: SIGKILL}
      web:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'rm -f /w/sick; mkdir -p /w; echo well > /w/index.html; httpd -f -p 8099 -h /w & until [ -e /box/sick ]; do
            sleep 0.05; done; kill $$!; touch /w/sick; exec sleep 100000'
        volumes: [".:/box"]
        stop_signal: SIGKILL
    \(keys.map { "    \($0)\n" }.joined().replacing("HOSTPORT", with: "\(port)"))\(file.replacing("CASE", with: String(port, radix: 16)))
    """
  }

  func check(_ kind: String, hostPort: Int) -> JSON {
    let port = Int64(isPublished ? hostPort : 8099)
    var check: JSON = [
      "type": .string(kind), "delay_seconds": 0.0, "interval_seconds": 0.1, "timeout_seconds": 5.0,
      "grace_period_seconds": 30.0, "consecutive_failures": 3,
    ]
    switch kind {
    case "COMMAND":
      check["command"] = ["shell": true, "value": #"test -e /w/index.html && test ! -e /w/sick"#]
    case "HTTP":
      check["http"] = [
        "port": .integer(port), "path": "/", "protocol": isIPv6 ? "IPv6" : "IPv4",
      ]
    default: check["tcp"] = ["port": .integer(port), "protocol": isIPv6 ? "IPv6" : "IPv4"]
    }
    return check
  }
}

private let locations = [
  CheckPlaceCase(testDescription: "in a network of its own, named by the option"),
  CheckPlaceCase(
    testDescription: "found by the port that it exposes", keys: ["expose: ['8099']"], labels: [],
    kinds: ["HTTP", "TCP"]),
  CheckPlaceCase(
    testDescription: "the first that publishes a port", keys: ["ports: ['HOSTPORT:8099']"],
    labels: [], kinds: ["COMMAND"]),
  CheckPlaceCase(
    testDescription: "on several networks, one of them without a way out",
    keys: ["networks: [a, b]"], file: "networks: {a: {internal: true}, b: {}}"),
  CheckPlaceCase(
    testDescription: "in another service's network", keys: ["network_mode: 'service:first'"]),
  CheckPlaceCase(
    testDescription: "in the pod's shared network",
    labels: [("pod.check_service", "web"), ("pod.share", "net")]),
  CheckPlaceCase(
    testDescription: "at its host port", keys: ["ports: ['HOSTPORT:8099']"], labels: [],
    kinds: ["HTTP"], isPublished: true),
  CheckPlaceCase(
    testDescription: "at its IPv6 address", keys: ["networks: [six]"],
    file: "networks: {six: {enable_ipv6: true, ipam: {config: [{subnet: 'fd00:97:CASE::/64'}]}}}",
    kinds: ["HTTP", "TCP"], isIPv6: true),
]

@Suite("A check of a task reaches its service", .needsEngine, .throttled)
struct MesosCheckPlaceTests {
  /// Each location once with each kind of check, on one engine or the other.
  private static let cases: [(location: CheckPlaceCase, kind: String)] = locations.flatMap {
    location in
    location.kinds.map { (location, $0) }
  }

  private static var hasIPv6: Bool { access("/proc/net/if_inet6", F_OK) == 0 }

  @Test("at any network location, and fails the task without it", arguments: cases.indices)
  func reached(index: Int) async throws {
    let (location, kind) = Self.cases[index]
    if location.isIPv6, !Self.hasIPv6 { return }
    let hosts = MesosHost.linux
    try #require(!hosts.isEmpty)
    let host = hosts[index % hosts.count]
    let port = try FreePorts.take(1)[0]
    var settings = MesosSettings()
    settings.task = { task in
      task.ports = [port]
      task.labels += location.labels
      task.healthCheck = location.check(kind, hostPort: port)
    }
    try await withMesosPod(on: host, location.text(port: port), settings) { pod in
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
      try pod.write("sick")
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED" && end.healthy == false, "\(location) \(kind) \(end)")
      #expect(end.message?.contains("health check failed") == true, "\(end)")
      #expect(pod.agent.updates(of: pod.task).map(\.healthy) == [nil, nil, true, false, false])
    }
  }

  private func command(_ line: String, timeout: Double = 5, interval: Double = 0.1) -> JSON {
    [
      "type": "COMMAND", "interval_seconds": .double(interval), "delay_seconds": 0.0,
      "timeout_seconds": .double(timeout),
      "command": [
        "command": [
          "shell": true, "value": .string(line),
          "environment": ["variables": [["name": "GIVEN", "value": "7"]]],
        ]
      ],
    ]
  }

  /// Commands of a check in a container with their exit codes; nil for no exit code.
  private static let codes: [(line: String, code: Int64?)] = [
    ("exit $GIVEN", 7), ("kill -9 $$", 137), ("test -e /etc/hostname", 0), ("no-such-program", 127),
    ("sleep 1000", nil),
  ]

  @Test("and has the exit code of its command", arguments: codes.indices)
  func exits(index: Int) async throws {
    let (line, code) = Self.codes[index]
    let host = try #require(MesosHost.linux.first)
    var settings = MesosSettings()
    settings.task = { $0.check = command(line, timeout: code == nil ? 0.5 : 20) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      if let code {
        try await pod.agent.update("TASK_RUNNING", of: pod.task) {
          $0.status["check_status"]?["command"]?["exit_code"]?.integer == code
        }
      } else {
        try await pod.running()
        let find = { try await host.engine.docker(["top"] + pod.containers()).output() }
        try await eventually("the command") { try await find().contains("sleep 1000") }
        try await eventually("its end") { try await !find().contains("sleep 1000") }
      }
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
    }
  }

  /// Processes that only root can inspect, and the same for an executor that isn't root.
  @Test(
    "by a command that is killed after its timeout, with all of its processes",
    arguments: MesosHost.both)
  func hangs(on host: MesosHost) async throws {
    var settings = MesosSettings()
    let mark = "9753\(Int.random(in: 10...99)).\(Int.random(in: 100...999))"
    let nap = "sleep \(mark)"
    let line =
      host.isOrdinaryUser
      ? "setsid \(nap) & (\(nap) &); \(nap)"
      : "setsid \(nap) & (env -i /bin/\(nap) &); env -i /bin/\(nap)"
    settings.task = { $0.check = command(line, timeout: 20, interval: 30) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let find = Command("pgrep", ["-f", "sleep \(mark)"])
      try await eventually("the check") {
        let found = try await find.run()
        return found.status == .exited(0) && found.stdout.split(separator: "\n").count >= 3
      }
      try await eventually("its end", within: .seconds(180)) {
        try await find.run().status == .exited(1)
      }
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
    }
  }

  /// Pauses a container. dockerd 20.10 can hang if the start of an exec coincides with a pause: the
  /// exec's process is frozen, and the pause waits for it. Then the container is thawed.
  private func pause(_ container: String, on engine: TestEngine) async throws {
    let script = """
      for attempt in 1 2 3; do
        if timeout 30 docker pause "$1"; then exit 0; fi
        find /sys/fs/cgroup -type d -name "$1*" | while read -r directory; do
          echo THAWED >"$directory/freezer.state"
          echo 0 >"$directory/cgroup.freeze"
        done 2>/dev/null
        timeout 30 docker unpause "$1"
      done
      exit 1
      """
    try await Command(
      "bash", ["-c", script, "bash", container], environment: ["DOCKER_HOST": engine.dockerHost]
    ).output(within: .seconds(300))
  }

  @Test("again after a restart or a pause", arguments: ["COMMAND", "HTTP"])
  func comesBack(kind: String) async throws {
    let host = try #require(MesosHost.linux.first)
    let location = CheckPlaceCase(
      testDescription: "", keys: ["restart: always"], labels: [("pod.check_service", "web")])
    var check = location.check(kind, hostPort: 0)
    check["timeout_seconds"] = 1.0
    check["interval_seconds"] = 1.0
    check["consecutive_failures"] = 100_000
    check["grace_period_seconds"] = 0.0
    var settings = MesosSettings()
    settings.task = { [check] task in
      task.labels += location.labels
      task.healthCheck = check
    }
    try await withMesosPod(on: host, location.text(port: 0), settings) { pod in
      func changes() -> [Bool] { pod.agent.updates(of: pod.task).compactMap(\.healthy) }
      try await eventually("health") { changes() == [true] }
      let web = try await host.engine.docker(
        "ps", "-q", "--filter", "label=mesos.container_id=\(pod.run.id)", "--filter",
        "label=com.docker.compose.service=web"
      ).output()
      try await pause(web, on: host.engine)
      try await eventually("its loss", within: .seconds(180)) { changes() == [true, false] }
      try await host.engine.docker("unpause", web).output()
      try await eventually("health", within: .seconds(180)) { changes() == [true, false, true] }
      // The service exits for a moment: its restart policy starts it again.
      try pod.write("sick")
      try await eventually("its loss again", within: .seconds(180)) { changes().count == 4 }
      try FileManager.default.removeItem(atPath: "\(pod.run.sandbox)/sick")
      try await host.engine.docker("restart", "-t", "0", web).output()
      try await eventually("health again", within: .seconds(180)) { changes().last == true }
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  private static let refused: [(labels: [(key: String, value: String)], words: String)] = [
    (
      [("pod.check_service", "nobody")],
      "pod.check_service names 'nobody', which isn't a service of the file"
    )
  ]

  @Test("only if the file has that service", arguments: refused.indices)
  func unknown(index: Int) async throws {
    let host = try #require(MesosHost.linux.first)
    var settings = MesosSettings()
    settings.task = { $0.labels += Self.refused[index].labels }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
      #expect(end.message?.contains(Self.refused[index].words) == true, "\(end)")
    }
  }

  /// Marathon 1.11, core/health/HealthCheck.scala, `toMesos`.
  @Test(
    "as Marathon configures it",
    arguments: [
      #"{"protocol": "MESOS_HTTP", "path": "/", "port": 8099}"#,
      #"{"protocol": "MESOS_HTTP", "path": "/", "portIndex": 0}"#,
      #"{"protocol": "MESOS_TCP", "port": 8099}"#,
      #"{"protocol": "COMMAND", "command": {"value": "test ! -e /w/sick"}}"#,
    ], [true, false])
  func marathon(check: String, hasType: Bool) async throws {
    let host = try #require(MesosHost.linux.last)
    let ports = try FreePorts.take(1)
    let location = CheckPlaceCase(
      testDescription: "", keys: ["ports: ['HOSTPORT:8099']"], labels: [])
    var settings = MesosSettings()
    settings.make = { id, executor in
      let text = """
        {"id": "/web", "executor": "\(executor)", "cmd": "--", "cpus": 0.5, "mem": 128,
         "portDefinitions": [{"port": 0}], "healthChecks": [\(check.dropLast()),
         "intervalSeconds": 0.2, "delaySeconds": 0, "gracePeriodSeconds": 30, "maxConsecutiveFailures": 2}]}
        """
      var task = try MarathonApp(Array(text.utf8)).task(id: id, ports: ports)
      // Before Mesos 1.2 the field that is set defines the type; there are no TCP checks.
      if !hasType, task.healthCheck?["tcp"] == nil { task.healthCheck?["type"] = nil }
      task.command = "exec '\(executor)'"
      return task
    }
    try await withMesosPod(on: host, location.text(port: ports[0]), settings) { pod in
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
      try pod.write("sick")
      #expect(try await pod.ended().healthy == false)
    }
  }
}
