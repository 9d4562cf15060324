import Foundation
import TestSupport
import Testing

/// `compose-executor ps`, `inspect`, `top` and `stats` on pods of real engines.
@Suite("Views of running pods", .needsEngine, .throttled)
struct ViewTests {
  /// If a controller is missing, its limits are omitted, and its counters are unknown.
  private func file(on engine: TestEngine) -> String {
    let limits = engine.has("memory") && engine.has("cpu") ? "mem_limit: 64m, cpus: 0.5, " : ""
    return """
      services:
        web:
          {
            image: pod-test/busybox, command: httpd -f -p 80 -h /tmp, ports: ["80:80"], \(limits)
            healthcheck: {test: [CMD, test, "!", -e, /sick], interval: 200ms, retries: 1}
          }
        worker:
          image: pod-test/busybox
          command: sh -c 'while [ ! -e /stop ]; do sleep 0.05; done'
          environment: {PASSWORD: never-printed}
          init: true
          scale: 2
        job: {image: pod-test/busybox, command: ["true"]}
      """
  }

  @Test(
    "have each column of ps of a pod and of its services, its JSON, top and stats",
    arguments: TestEngine.all)
  func columns(on engine: TestEngine) async throws {
    let port = try #require(try FreePorts.take(1).first)
    let settings = PodSettings(
      ports: [port], options: ["--framework-id", "F-\(UUID().uuidString)", "--grace", "1s"])
    try await withPod(on: engine, file(on: engine), settings) { pod in
      try await pod.running()
      try await eventually("the job's end") {
        try await view(pod)?.services.contains { $0.name == "job" && $0.state == "exited" } ?? false
      }
      let seen = try #require(try await view(pod))
      #expect(seen.task == pod.task && seen.run == pod.run && seen.executor == pod.task)
      #expect(seen.framework == settings.options[1])
      #expect(seen.state == "running")
      #expect(seen.pid == pod.executor.pid)
      #expect(seen.up == 3 && seen.total == 4)
      #expect((seen.restarts ?? 0) == 0)
      #expect(seen.ports == [.init(host: port, container: 80, protocol: "tcp")])
      #expect(seen.services.map(\.name) == ["job", "web", "worker-1", "worker-2"])
      #expect(seen.services.map(\.service) == ["job", "web", "worker", "worker"])
      let job = seen.services[0]
      #expect(job.exit_code == 0 && job.health == nil)
      let web = seen.services[1]
      #expect(web.state == "running" && web.exit_code == nil && web.health == "healthy")
      let isLimited = engine.has("memory") && engine.has("cpu")
      #expect(web.memory.limit == (isLimited ? 64 << 20 : nil))
      #expect(web.cpu.limit == (isLimited ? 0.5 : nil))
      #expect(try #require(web.cpu.used) >= 0)
      if isLimited {
        #expect((1...(64 << 20)).contains(try #require(web.memory.used)))
        // The pod's own cgroup accounts for all of its containers.
        #expect(try #require(seen.memory.used) >= web.memory.used ?? 0)
      }
      if engine.has("pids") { #expect((web.tasks ?? 0) >= 1) }

      let table = try await lines(pod, "ps", "--framework", settings.options[1])
      #expect(
        table[0].split(separator: " ").map(String.init) == [
          "TASK", "FRAMEWORK", "STATE", "SERVICES", "RESTARTS", "PORTS", "CPU", "MEM", "AGE",
        ])
      let row = table[1].split(separator: " ").map(String.init)
      #expect(row.count == 9 && table.count == 2)
      #expect(row[..<4] == [pod.task, settings.options[1], "running", "3/4"])
      #expect(row[5] == "\(port)->80")
      #expect(row[6].wholeMatch(of: /\d+\.\d\d\/-/) != nil)
      #expect(row[7].wholeMatch(of: /\d+(\.\d)?[KMG]\/-|-/) != nil)
      #expect(row[8].wholeMatch(of: /\d+(s|m\S*)/) != nil)

      let one = try await lines(pod, "ps", String(pod.run.prefix(13)))
      #expect(
        one[0].split(separator: " ").map(String.init) == [
          "SERVICE", "CONTAINER", "STATE", "HEALTH", "RESTARTS", "EXIT", "PORTS", "CPU", "MEM",
          "AGE",
        ])
      let container = try #require(web.container)
      let webRow = try #require(one.first { $0.hasPrefix("web ") }).split(separator: " ")
        .map(String.init)
      #expect(webRow[..<4] == ["web", String(container.prefix(12)), "running", "healthy"])
      #expect(webRow[5] == "-" && webRow[6] == "\(port)->80")
      #expect(webRow[7].hasSuffix(isLimited ? "/0.5" : "/-"))
      #expect(webRow[8].hasSuffix(isLimited ? "/64.0M" : "-"))
      let chosen = try await lines(pod, "ps", pod.task, "--columns", "exit,service")
      #expect(chosen[1] == "   0  job")

      let top = try await lines(pod, "top", pod.task, "web")
      #expect(top[0].hasPrefix("SERVICE  UID") && top[0].hasSuffix("CMD"))
      // The process of a health check may be running as well.
      #expect(top.count >= 2 && top.dropFirst().allSatisfy { $0.hasPrefix("web ") }, "\(top)")
      #expect(top.filter { $0.hasSuffix("httpd -f -p 80 -h /tmp") }.count == 1, "\(top)")
      #expect(try await lines(pod, "top", pod.task).contains { $0.hasPrefix("worker-2 ") })

      let stats = try await lines(pod, "stats", pod.task, "--no-stream")
      #expect(stats.count == 4)
      let figures = try #require(stats.first { $0.hasPrefix("web ") })
      let words = figures.split(separator: " ").map(String.init)
      #expect(words.count == 7, "\(figures)")
      #expect(words[1].wholeMatch(of: /\d+\.\d%/) != nil)
      #expect(words[2].hasSuffix(isLimited ? "/64.0M" : "-"))
      #expect(words[3].wholeMatch(of: /\d+\.\d%|-/) != nil)
      #expect(words[4].wholeMatch(of: /[\d.]+[BKM]\/[\d.]+[BKM]/) != nil)
      let all = try await lines(pod, "stats", "--framework", settings.options[1], "--no-stream")
      #expect(all.count == 2 && all[1].hasPrefix(pod.task))
    }
  }

  @Test("don't print a container's environment in inspect", arguments: TestEngine.all)
  func inspection(on engine: TestEngine) async throws {
    let port = try #require(try FreePorts.take(1).first)
    try await withPod(
      on: engine, file(on: engine), PodSettings(ports: [port], options: ["--grace", "1s"])
    ) {
      pod in
      try await pod.running()
      let text = try await lines(pod, "inspect", pod.task)
      #expect(text.count == 1)
      #expect(!text[0].contains("never-printed"))
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(text[0].utf8)) as? [String: Any])
      #expect(document["version"] as? Int == 1)
      #expect(document["task"] as? String == pod.task)
      let labels = try #require(document["labels"] as? [String: String])
      #expect(labels["mesos.container_id"] == pod.run)
      let process = try #require(document["executor_process"] as? [String: Any])
      #expect(process["state"] as? String == "alive")
      #expect(process["pid"] as? Int == Int(pod.executor.pid))
      let cgroup = try #require(document["cgroup"] as? [String: Any])
      #expect(cgroup["path"] as? String == "/compose-pods/\(pod.run)")
      let containers = try #require(document["containers"] as? [[String: Any]])
      #expect(containers.count == 4)
      #expect(containers.allSatisfy { $0["role"] as? String == "service" })
      #expect(containers.allSatisfy { $0["started"] as? String != nil })
      let networks = try #require(document["networks"] as? [[String: Any]])
      #expect(networks.map { $0["key"] as? String } == ["default"])
    }
  }

  @Test("show an unhealthy service, and an orphan of a killed executor", arguments: TestEngine.all)
  func states(on engine: TestEngine) async throws {
    // A service without a restart policy can only be unhealthy until the executor detects it.
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: sleep 1000
          init: true
          labels: {evil: "\\e[2J"}
          healthcheck: {test: [CMD, "false"], interval: 100s, start_period: 100s}
      """
    // A reaper of another test would remove the pod, which has no executor anymore.
    try await withReaperSite(on: engine) { _ in
      try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
        try await eventually("a container") { try await view(pod)?.up == 1 }
        let starting = try #require(try await view(pod))
        #expect(starting.services[0].health == "starting")
        #expect(["launching", "running"].contains(starting.state))
        pod.send(SIGKILL)
        try await pod.executor.exit()
        try await eventually("the orphan") { try await view(pod)?.state == "orphaned" }
        let row = try await lines(pod, "ps", pod.task, "--columns", "service,state")
        #expect(row[1] == "web      running")
        let table = try await lines(pod, "ps", "--columns", "task,state,message")
        #expect(table.contains { $0.hasPrefix(pod.task) && $0.hasSuffix("process has exited") })
        // The removal that pod-reaper would do.
        try await Leftovers.of(run: pod.run, on: engine).remove(from: engine)
        #expect(try await view(pod) == nil)
      }
    }
  }

  @Test("show the services of one network, and the ports that its container publishes")
  func shared() async throws {
    let engine = try #require(TestEngine.all.first)
    let ports = try FreePorts.take(2)
    let settings = PodSettings(ports: ports, options: ["--share", "net", "--grace", "1s"])
    try await withPod(on: engine, sharedShop, settings) { pod in
      try await pod.running()
      let seen = try #require(try await view(pod))
      #expect(seen.services.map(\.name) == ["redis", "web"])
      #expect(Set(seen.ports.map(\.host)) == Set(ports))
      // The counters of the shared network namespace are counted once.
      let stats = try await lines(pod, "stats", "--no-stream")
      #expect(stats.contains { $0.hasPrefix(pod.task) })
    }
  }

  // MARK: What the commands print

  private func lines(_ pod: RunningPod, _ words: String...) async throws -> [String] {
    let result = try await Command(
      BuiltProgram.composeExecutor, words, environment: ["DOCKER_HOST": pod.engine.dockerHost]
    ).run()
    #expect(result.status.isSuccess, "\(words): \(result.stderr)")
    return result.stdout.split(separator: "\n").map(String.init)
  }

  /// The pod in the document of `ps --format json`; nil if it isn't listed.
  private func view(_ pod: RunningPod) async throws -> Document.Pod? {
    let text = try await lines(pod, "ps", "--format", "json")
    #expect(text.count == 1)
    return try JSONDecoder().decode(Document.self, from: Data(text[0].utf8)).pods
      .first { $0.run == pod.run }
  }

  private struct Document: Decodable {
    struct Port: Decodable, Equatable {
      let host: Int
      let container: Int
      let `protocol`: String
    }
    struct Use<Number: Decodable>: Decodable {
      let used: Number?
      let limit: Number?
    }
    struct Service: Decodable {
      let service: String
      let name: String
      let container: String?
      let state: String
      let health: String?
      let exit_code: Int?
      let cpu: Use<Double>
      let memory: Use<Int>
      let tasks: Int?
    }
    struct Pod: Decodable {
      let task: String
      let executor: String
      let framework: String?
      let run: String
      let pid: Int32?
      let state: String
      let age: Int?
      let up: Int
      let total: Int
      let restarts: Int?
      let ports: [Port]
      let memory: Use<Int>
      let services: [Service]
    }
    let version: Int
    let pods: [Pod]
  }
}
