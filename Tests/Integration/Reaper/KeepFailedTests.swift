import AgentStandIn
import Foundation
import PodIdentity
import Reaping
import TestSupport
import Testing

/// Fails after one second; has a network, a volume and a published port.
private let failing = """
  services:
    web:
      image: pod-test/busybox
      command: [sh, -c, 'echo last words; echo found > /data/found; sleep 1; exit 3']
      networks: [inside]
      volumes: ["data:/data"]
      ports: ["80"]
    idle:
      image: pod-test/busybox
      init: true
      command: [sleep, '1000']
      networks: [inside]
  networks: {inside: {}}
  volumes: {data: {}}
  """

/// Runs until it is stopped.
private let serving = """
  services:
    web:
      image: pod-test/busybox
      init: true
      command: [sh, -c, 'echo up; sleep 1000']
      networks: [inside]
      volumes: ["data:/data"]
  networks: {inside: {}}
  volumes: {data: {}}
  """

@Suite("A failed pod that is kept", .needsEngine, .throttled)
struct KeepFailedTests {
  private let hour = PodSettings(options: ["--keep-failed", "1h"])
  /// Disables the disk limit, so that the disk of the test machine doesn't matter.
  private let anyDisk = ["--keep-failed-disk", "100"]

  private func names(of run: String, on engine: TestEngine) async throws -> [String] {
    try await engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(run)", "--format", "{{.Names}}"
    ).output().split(separator: "\n").map(String.init).sorted()
  }

  private func command(_ engine: TestEngine, _ words: String...) async throws -> CommandResult {
    try await Command(
      BuiltProgram.composeExecutor, words, environment: ["DOCKER_HOST": engine.dockerHost]
    ).run()
  }

  private func state(of pod: RunningPod) async throws -> String? {
    let text = try await command(pod.engine, "ps", pod.run, "--format", "json").stdout
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (object?["pods"] as? [[String: Any]])?.first?["state"] as? String
  }

  @Test("is stopped, without network and ports, until it is removed", arguments: TestEngine.all)
  func kept(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, failing, hour) { pod in
        let end = try await pod.ended()
        #expect(end.states.last == "TASK_FAILED" && end.status == .exited(1), "\(end)")
        #expect(end.stderr.contains { $0.contains("the failed pod is kept until") }, "\(end)")
        let names = try await names(of: pod.run, on: engine)
        #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix("kept-") }, "\(names)")
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(left.networks.isEmpty && left.cgroups.isEmpty && left.volumes.count == 1)
        #expect(try await state(of: pod) == "kept")
        let report = try FoundReport(in: pod.sandbox.path)
        #expect(report.object["kept_until"] is String)
        #expect(report.text.contains("compose-executor rm"), "\(report.text)")
        // It can be examined.
        let web = try #require(names.first { $0.hasSuffix("_web") })
        let logs = try await command(engine, "logs", pod.run, "web", "--no-log-prefix")
        #expect(logs.stdout.contains("last words"), "\(logs)")
        #expect(try await command(engine, "inspect", pod.run).stdout.contains("\"kept\""))
        let image = try await engine.docker("commit", web).output()
          .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try await engine.docker("rmi", image).run()
        // The reaper keeps it, and reports until when.
        let once = try await site.once(anyDisk)
        #expect(once.status == .exited(0) && once.pod(pod.run)?.verdict == "kept", "\(once)")
        let explained = try await site.reaper(["explain", pod.run], anyDisk).output()
        #expect(explained.contains("This pod is kept: "), "\(explained)")
        #expect(try await self.names(of: pod.run, on: engine) == names)
        let stopped = try await command(engine, "stop", pod.run)
        #expect(
          stopped.status == .exited(1)
            && stopped.stderr.contains("is kept; compose-executor rm removes it"), "\(stopped)")
        // A pod with the same task ID is not blocked by it.
        let again = PodSettings(task: pod.task)
        try await withPod(on: engine, failing, again) { second in
          let end = try await second.ended()
          #expect(end.message.contains("'web' exited with 3"), "\(end)")
        }
        #expect(try await self.names(of: pod.run, on: engine) == names)
        let removed = try await command(engine, "rm", pod.run)
        #expect(removed.status == .exited(0), "\(removed)")
      }
    }
  }

  @Test(
    "isn't a pod that finishes, is killed, or never had a container",
    arguments: [
      "command: [sh, -c, 'sleep 1']", "command: [sleep, '1000']", "pull_policy: never",
    ])
  func others(keys: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let image = keys.contains("never") ? "pod-test/nowhere:2" : "pod-test/busybox"
    try await withPod(
      on: engine, "services: {web: {image: '\(image)', init: true, \(keys)}}", hour
    ) { pod in
      if keys.contains("1000") {
        try await pod.running()
        pod.send(SIGTERM)
      }
      let end = try await pod.ended()
      #expect(!end.stderr.contains { $0.contains("is kept until") }, "\(end)")
      #expect(try await names(of: pod.run, on: engine).isEmpty)
    }
  }

  @Test("can be one of a crashed executor, until a limit of number or disk usage is exceeded")
  func crashed() async throws {
    let engine = try #require(TestEngine.all.first)
    for limit in ["--keep-failed-max", "--keep-failed-disk"] {
      try await withReaperSite(on: engine) { site in
        try await withPod(on: engine, serving, hour) { pod in
          try await pod.running()
          try await pod.kill()
          let dry = try await site.once(anyDisk + ["--dry-run"])
          #expect(dry.pod(pod.run)?.verdict == "kept", "\(dry)")
          let first = try await site.once(anyDisk)
          #expect(first.status == .exited(0) && first.pod(pod.run)?.verdict == "kept", "\(first)")
          let names = try await names(of: pod.run, on: engine)
          #expect(names.count == 1 && names.allSatisfy { $0.hasPrefix("kept-") }, "\(names)")
          let left = try await Leftovers.of(run: pod.run, on: engine)
          #expect(left.networks.isEmpty && left.cgroups.isEmpty && left.volumes.count == 1)
          #expect(try await state(of: pod) == "kept")
          // A later pass changes nothing, even of a restarted reaper.
          try await site.once(anyDisk)
          #expect(try await self.names(of: pod.run, on: engine) == names)
          let last = try await site.once(anyDisk + [limit, "0"])
          #expect(last.status == .exited(0), "\(last)")
          #expect(try await self.names(of: pod.run, on: engine).isEmpty)
        }
      }
    }
  }

  @Test("is removed after its time; above the limit the oldest is removed")
  func over() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, failing, hour) { older in
        _ = try await older.ended()
        // The times have a resolution of one second.
        try await Task.sleep(for: .seconds(1.1))
        try await withPod(on: engine, failing, PodSettings(options: ["--keep-failed", "3s"])) {
          newer in
          _ = try await newer.ended()
          try await site.once(anyDisk + ["--keep-failed-max", "1"])
          #expect(try await names(of: older.run, on: engine).isEmpty)
          try await eventually("its time is over") {
            try await site.once(anyDisk)
            return try await self.names(of: newer.run, on: engine).isEmpty
          }
        }
      }
    }
  }

  @Test("of a running executor is removed after its time, and another task's pod is kept")
  func ofLiving() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let run = UUID().uuidString.lowercased()
      var other = PodIdentity.forged(by: .current(), run: run)
      other.taskID += "-other"
      try await withForged([.forged(by: .current(), run: run), other], on: engine) { pods in
        let running = try await pods[1].container(starts: true)
        var labels = pods[0].identity.labels
        labels["mesos.keep_failed"] = "3600"
        labels["com.docker.compose.service"] = "web"
        let id = try await pods[0].container(image: "pod-test/busybox", labels: labels)
        let now = Int(Date().timeIntervalSince1970)
        for (until, verdict) in [(now + 1000, "kept"), (now - 1, "kept")] {
          let name = "kept-\(id.prefix(12))-\(until)-web"
          _ = try await engine.docker("rename", id, name).output()
          let end = try await site.once(anyDisk)
          let pod = end.report?.pods.first { $0.task == pods[0].identity.taskID }
          #expect(end.status == .exited(0) && pod?.verdict == verdict, "\(end)")
          #expect(pod?.removed["containers"]?.count == (until < now ? 1 : nil), "\(end)")
        }
        #expect(try await pods[0].left().containers == [running])
        let journal = try String(contentsOfFile: site.journal, encoding: .utf8)
        #expect(journal.contains("its keep time of 60 min is over"), "\(journal)")
      }
    }
  }

  @Test("is kept after a reboot, and a container name alone keeps nothing")
  func boot() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let run = UUID().uuidString.lowercased()
      let machine = try String(contentsOfFile: "/etc/machine-id", encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      func create(_ name: String, seconds: String) async throws -> String {
        let labels = [
          "mesos.framework_id": "", "mesos.executor_id": "t", "mesos.task_id": "t",
          "mesos.container_id": run, "mesos.agent_id": "", "mesos.executor.pid": "4711",
          "mesos.executor.start_time": "4711",
          "mesos.host.boot_id": "00000000-0000-0000-0000-000000000000",
          "mesos.host.machine_id": machine, "mesos.cgroup_parent": "",
          "mesos.keep_failed": seconds, "com.docker.compose.service": "web",
        ]
        var create = engine.docker("create", "--name", name)
        create.arguments +=
          labels.flatMap { ["--label", "\($0.key)=\($0.value)"] } + ["pod-test/busybox"]
        return try await create.output().trimmingCharacters(in: .whitespacesAndNewlines)
      }
      let id = try await create("keep-\(run)", seconds: "3600")
      let until = Int(Date().timeIntervalSince1970) + 1000
      let name = "kept-\(id.prefix(12))-\(until)-keep"
      _ = try await engine.docker("rename", id, name).output()
      let end = try await site.once(anyDisk)
      #expect(end.pod(run)?.verdict == "kept", "\(end)")
      #expect(try await names(of: run, on: engine) == [name])
      _ = try await engine.docker("rm", id).output()
      // The ID in its name isn't the container's, and without the label nothing is kept.
      for seconds in ["0", ""] {
        let forged = try await create(
          "kept-\(id.prefix(12))-\(until)-\(seconds)x", seconds: seconds)
        try await site.once(anyDisk)
        #expect(try await names(of: run, on: engine).isEmpty, "\(forged)")
      }
    }
  }

  @Test("has a report of the crash in its sandbox, if the operator permits it")
  func crashReport() async throws {
    let host = try #require(MesosHost.linux.first)
    try await withReaperSite(on: host.engine) { site in
      try await withMesosPod(on: host, serving, MesosSettings(leavesContainers: true)) { pod in
        try await pod.running()
        pod.run.send(SIGKILL)
        _ = try await pod.exited()
        let sandbox = pod.run.sandbox
        let work = try #require(sandbox.range(of: "/slaves/")).lowerBound
        let options = ["--agent-work-dir", String(sandbox[..<work])]
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox)/pod-report.json"))
        let end = try await site.once(anyDisk + options + ["--crash-reports"])
        #expect(end.status == .exited(0) && end.pod(pod.run.id)?.verdict == "leaked", "\(end)")
        let report = try FoundReport(in: sandbox)
        #expect(report.state == "crashed" && report.object["writer"] as? String == "reaper")
        let containers = report.object["containers"] as? [[String: Any]] ?? []
        #expect(containers.count == 1 && containers[0]["inspect"] != nil, "\(containers)")
        #expect(report.text.contains("its executor died"), "\(report.text)")
      }
    }
  }

  @Test("is the only kind that rm removes; it refuses others")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, serving, hour) { pod in
      try await pod.running()
      let result = try await command(engine, "rm", pod.run)
      #expect(
        result.status == .exited(1) && result.stderr.contains("it isn't kept after a failure"),
        "\(result)")
      #expect(try await names(of: pod.run, on: engine).count == 1)
      let none = try await command(engine, "rm", "no-such-pod")
      #expect(none.status == .exited(1), "\(none)")
    }
  }
}
