import Foundation
import TestSupport
import Testing

@Suite("The engine's own copy of the output", .needsEngine, .throttled)
struct LogDriverTests {
  private static let file = """
    services:
      plain:
        image: pod-test/busybox
        command: ["sh", "-c", "trap 'exit 0' TERM; i=0; while :; do i=$$((i + 1)); echo tick $$i; sleep 0.1; done"]
      own:
        image: founding/base
        logging: {driver: json-file, options: {max-size: 1m}}
    """

  private func driver(of service: String, in pod: RunningPod) async throws -> String {
    let name = "\(pod.task)_\(service)"
    return try await pod.engine.docker(
      "inspect", "--format", "{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}",
      name
    ).output().trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("is written by the engine's default log driver if the operator requests it")
  func engine() async throws {
    let configuration = #"{"log-driver": "local", "log-opts": {"max-size": "7m"}}"#
    try await OwnEngine.with(.v1, configuration: configuration) { own in
      try await withPod(on: own.engine, Self.file, PodSettings(options: ["--logging", "engine"])) {
        pod in
        try await pod.running()
        try await pod.says("tick 3", service: "plain")
        #expect(try await driver(of: "plain", in: pod) == #"local {"max-size":"7m"}"#)
        #expect(try await driver(of: "own", in: pod) == #"json-file {"max-size":"1m"}"#)
      }
      try await withPod(
        on: own.engine, Self.file, PodSettings(environment: ["COMPOSE_EXECUTOR_LOGGING": "local"])
      ) { pod in
        try await pod.running()
        #expect(try await driver(of: "plain", in: pod).hasPrefix("local "))
      }
      try await withPod(on: own.engine, Self.file) { pod in
        try await pod.running()
        let standard = try await driver(of: "plain", in: pod)
        #expect(standard == #"json-file {"max-file":"2","max-size":"50m"}"#)
      }
    }
  }

  @Test(
    "is unreadable with some drivers: logging to the sandbox continues, one line reports the gap")
  func unreadable() async throws {
    let configuration = """
      {"live-restore": true, "log-driver": "syslog",
       "log-opts": {"syslog-address": "udp://127.0.0.1:9", "cache-disabled": "true"}}
      """
    try await OwnEngine.with(.v1, configuration: configuration) { own in
      try await withPod(on: own.engine, Self.file, PodSettings(options: ["--logging", "engine"])) {
        pod in
        try await pod.running()
        try await pod.says("tick 3", service: "plain")
        #expect(try await driver(of: "plain", in: pod).hasPrefix("syslog "))
        for _ in 0..<2 {
          try await own.command("restart", "--kill")
          let begin = pod.output(of: "plain").count
          try await eventually("more of the output", within: .seconds(180)) {
            pod.output(of: "plain").count > begin + 5
          }
        }
        let missing = pod.executor.lines(.stderr).filter {
          $0.contains("output of 'plain' from while the engine was away is missing")
        }
        #expect(missing.count == 1)
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLED"])
      }
    }
  }

  @Test("is required: the driver `none` is refused")
  func none() async throws {
    try await OwnEngine.with(.v1, configuration: #"{"log-driver": "none"}"#) { own in
      let end = try await podEnd(
        on: own.engine, Self.file, PodSettings(options: ["--logging", "engine"]))
      #expect(end.states.last == "TASK_FAILED")
      #expect(end.message.hasPrefix("the engine's own log driver is none"), "\(end.message)")
    }
  }
}
