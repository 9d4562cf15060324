import Foundation
import TestSupport
import Testing

@Suite("The samples", .needsEngine, .throttled)
struct SampleTests {
  /// The first engine, for tests with the same result on each.
  private let engine: TestEngine

  init() throws { engine = try #require(TestEngine.all.first) }

  @Test("are valid Compose files", arguments: Sample.all)
  func valid(_ sample: Sample) async throws {
    let compose = ProcessInfo.processInfo.environment["COMPOSE5"] ?? "docker-compose"
    try await Command(
      compose, ["-f", "compose.yaml", "config", "--quiet"], directory: sample.path
    ).output()
  }

  @Test("founding counts visits in the current format and the first one", arguments: TestEngine.all)
  func founding(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(2)
    try await Sample.founding.run(on: engine, PodSettings(ports: ports)) { pod in
      try await pod.running()
      for visit in 1...2 {
        let text = try await page(at: ports[visit - 1], path: "/cgi-bin/index.cgi")
        #expect(text.contains("This page was seen \(visit) times."), "\(text)")
      }
      #expect(try await pod.services() == ["base", "redis", "web"])
      #expect(try await pod.networks().isEmpty)
    }
  }

  @Test("sidecars: a page through the proxy is counted, and its line is shipped")
  func sidecars() async throws {
    let ports = try FreePorts.take(2)
    var settings = PodSettings(
      ports: ports, options: ["-f", "compose.yaml", "-f", "collector.yaml"],
      environment: ["LOG_SERVER": "collector:5140", "MESOS_TASK_ID": "web.7"])
    settings.files["collector.yaml"] = """
      services:
        collector:
          image: pod-test/busybox
          command: [sh, -c, "sleep 1000 | nc -l -p 5140"]
          init: true
      """
    try await Sample.sidecars.run(on: engine, settings) { pod in
      let told = try await pod.running()
      #expect(told.contains("proxy:8080/tcp on host port \(ports[0]), metrics:9113/tcp"))
      #expect(try await page(at: ports[0]).contains("Hello from behind the proxy."))
      try await Command(
        "curl", ["-s", "--noproxy", "*", "-m", "120", "http://127.0.0.1:\(ports[0])/missing"]
      ).output()
      for service in ["shipper", "collector"] {
        try await eventually("both lines at the \(service)") {
          let lines = pod.output(of: service)
          return lines.count == 2 && lines.allSatisfy { $0.hasPrefix(#"{"task":"web.7","time":"#) }
            && lines[0].contains(#""request":"GET / HTTP/1.1","status":200,"#)
            && lines[1].contains(#""request":"GET /missing HTTP/1.1","status":404,"#)
        }
      }
      let metrics = try await page(at: ports[1], path: "/cgi-bin/metrics")
      let lines = metrics.split(separator: "\n").map(String.init)
      #expect(lines.contains(#"web_requests_total{code="200"} 1"#), "\(metrics)")
      #expect(lines.contains(#"web_requests_total{code="404"} 1"#), "\(metrics)")
      #expect(lines.last?.hasPrefix("web_connections_active ") == true, "\(metrics)")
    }
  }

  @Test(
    "roles exits with its job's code after the last lines are shipped",
    arguments: TestEngine.all, [0, 3])
  func roles(on engine: TestEngine, code: Int32) async throws {
    // On a busy machine two attempts of the profiler take their time.
    let settings = PodSettings(environment: ["JOB_EXIT": "\(code)", "JOB_PAUSE": "6"])
    try await Sample.roles.run(on: engine, settings) { pod in
      let end = try await pod.ended()
      let state = code == 0 ? "TASK_FINISHED" : "TASK_FAILED"
      #expect(end.status == .exited(code) && end.states.last == state, "\(end)")
      #expect(
        end.output(of: "shipper") == ["begin", "order 1", "order 2", "order 3", "end"], "\(end)")
      #expect(
        end.output(of: "upload") == ["5 lines of a pod that is \(state) with exit code \(code)"],
        "\(end)")
      #expect(
        end.stderr.contains { $0.contains("'profiler'") && $0.contains("optional") }, "\(end)")
    }
  }

  @Test("task: a page with the container's information about its task", arguments: TestEngine.all)
  func task(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(1)
    let settings = PodSettings(
      ports: ports, options: ["-f", "compose.yaml", "--task-env", "marathon"],
      environment: ["MARATHON_APP_ID": "/shop/task", "HOST": "agent7"])
    try await Sample.task.run(on: engine, settings) { pod in
      try await pod.running()
      let lines = try await page(at: ports[0]).split(separator: "\n").map(String.init)
      for line in [
        "MESOS_TASK_ID=\(pod.task)", "MARATHON_APP_ID=/shop/task", "HOST=agent7",
        "PORT0=\(ports[0])", "PORT_web_8080=\(ports[0])",
      ] {
        #expect(lines.contains(line), "\(lines)")
      }
      let file = try await page(at: ports[0], path: "/task.json")
      #expect(file.contains(#""task_id" : "\#(pod.task)""#), "\(file)")
    }
  }

  @Test("job exits by itself, each step after its dependencies", arguments: TestEngine.all)
  func job(on engine: TestEngine) async throws {
    let disk = PodSettings(
      environment: ["COMPOSE_EXECUTOR_TASK_DISK": "500m", "COMPOSE_EXECUTOR_DISK": "enforce"])
    try await Sample.job.run(on: engine, disk) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      #expect(
        end.output(of: "report") == [
          "east 60", "north 165", "south 175", "coffee 125", "tea 275", "total 400",
        ])
    }
  }

  @Test("job fails if a step does, and the steps that need it never start")
  func failingJob() async throws {
    var settings = PodSettings()
    settings.files["orders.csv"] = "order,region,item,amount\n1,north,tea,much\n"
    try await Sample.job.run(on: engine, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(1) && end.states.last == "TASK_FAILED", "\(end)")
      #expect(
        end.output(of: "check", .stderr) == ["orders.csv:2: no order: 1,north,tea,much"], "\(end)")
      #expect(end.stdout.allSatisfy { !$0.hasPrefix("by-") && !$0.hasPrefix("report") }, "\(end)")
      let report = try FoundReport(in: pod.sandbox.path)
      #expect(report.text.contains("  orders.csv:2: no order: 1,north,tea,much"), "\(report.text)")
    }
  }

  @Test("job is kept after a failure, with its submission's label, until it is removed")
  func keptJob() async throws {
    // No reaper of another test applies its limits meanwhile.
    try await withReaperSite(on: engine) { _ in
      var settings = PodSettings(options: ["--keep-failed", "1h"])
      settings.files["orders.csv"] = "order,region,item,amount\n1,north,tea,much\n"
      try await Sample.job.run(on: engine, settings) { pod in
        _ = try await pod.ended()
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(!left.containers.isEmpty && left.volumes.count == 1 && left.networks.isEmpty)
        let rm = Command(
          BuiltProgram.composeExecutor, ["rm", pod.run],
          environment: ["DOCKER_HOST": engine.dockerHost])
        #expect(try await rm.run().status == .exited(0))
      }
    }
  }
}
