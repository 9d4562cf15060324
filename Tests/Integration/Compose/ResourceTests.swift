import AgentStandIn
import Foundation
import TestSupport
import Testing

/// The output of `compose-resources --format json`.
private struct Sums: Decodable {
  struct ResourceAmounts: Decodable {
    var cpus: Double
    var mem: Int
    var bytes: Int
    var ports: Int
  }
  struct Service: Decodable {
    var name: String
    var replicas: Int
    var each: ResourceAmounts
  }
  var services: [Service]
  var pod: ResourceAmounts
}

@Suite("compose-resources compared with real pods", .needsEngine, .throttled)
struct ResourceTests {
  private static func resources(
    _ directory: TemporaryDirectory, _ arguments: String...
  ) async throws -> CommandResult {
    try await Command(
      BuiltProgram.beside("compose-resources"), arguments, directory: directory.path
    ).run()
  }

  private static let limited = """
    x-all: &all {image: pod-test/busybox, command: [sleep, "100000"], stop_signal: SIGKILL}
    services:
      plain: {<<: *all, cpus: 0.25, mem_limit: 24m}
      odd: {<<: *all, cpus: 0.123, mem_limit: 8396800}
      quota: {<<: *all, cpu_quota: 15000, cpu_period: 50000, mem_limit: 16777216}
    """

  @Test(
    "sums the limits that the kernel applies to the containers",
    .needs("memory", on: .v1), .needs("cpu", on: .v1))
  func limits() async throws {
    let engine = try #require(TestEngine.v1)
    try await withPod(on: engine, Self.limited) { pod in
      try await pod.running()
      let result = try await Self.resources(pod.sandbox, "--format", "json")
      let sums = try JSONDecoder().decode(Sums.self, from: Data(result.stdout.utf8))
      let containers = try await pod.containers()
      #expect(Set(containers.keys) == Set(sums.services.map(\.name)))
      var cpus = 0.0
      var bytes = 0
      for service in sums.services {
        let pid = try #require(containers[service.name]).State.Pid
        let (quota, period) = (
          try Self.number("cpu.cfs_quota_us", "cpu", pid),
          try Self.number("cpu.cfs_period_us", "cpu", pid)
        )
        let limit = try Self.number("memory.limit_in_bytes", "memory", pid)
        #expect(service.each.cpus == Double(quota) / Double(period), "\(service.name)")
        #expect(service.each.bytes == limit, "\(service.name)")
        cpus += Double(quota) / Double(period)
        bytes += limit
      }
      #expect(abs(sums.pod.cpus - cpus) < 0.000_001)
      #expect(sums.pod.bytes == bytes)
      // 24 MiB, 8 MiB plus two pages, 16 MiB.
      #expect(sums.pod.mem == 49)
    }
  }

  /// A number in a file of a process's cgroup.
  private static func number(_ file: String, _ controller: String, _ pid: Int32) throws -> Int {
    let lines = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ":", maxSplits: 2) }
    let line = try #require(
      lines.first { $0.count == 3 && $0[1].split(separator: ",").contains { $0 == controller } })
    let root = try #require(try Hierarchy.root(of: controller))
    let text = try String(contentsOfFile: "\(root)\(line[2])/\(file)", encoding: .utf8)
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  // MARK: Submissions

  /// Engines that can apply the limits of the submissions.
  static let limiting = MesosHost.linux.filter {
    $0.engine.has("cpu") && $0.engine.has("memory")
  }

  private static let served = """
    services:
      page:
        image: pod-test/busybox
        command: [sh, -c, "mkdir /w; echo $$NAME > /w/index.html; exec httpd -f -p 80 -h /w"]
        environment: ["NAME=${NAME:-nobody}"]
        ports: ["80:80"]
        cpus: 0.1
        mem_limit: 16m
        stop_signal: SIGKILL
      side:
        image: pod-test/busybox
        command: [sleep, "100000"]
        ports: ["81"]
        cpu_quota: 5000
        mem_limit: 8m
        stop_signal: SIGKILL
    """

  /// The files at the submission's addresses: the tarballs of the release and of the directory
  /// `pod`.
  private static func content(
    _ directory: TemporaryDirectory, executor: String
  ) async throws -> [String: String] {
    let release = try await MesosDeployTests.release(in: directory, executor: executor)
    try directory.write("source/pod/compose.yaml", served)
    try await Command(
      "tar", ["-czf", directory.path("pod.tar.gz"), "-C", directory.path("source"), "pod"]
    ).output()
    return Dictionary(
      uniqueKeysWithValues: ["\(release).tar.gz", "pod.tar.gz"].map {
        ("https://files.example.org/\($0)", directory.path($0))
      })
  }

  /// The submission for a directory named `pod`.
  private static func submission(_ arguments: String...) async throws -> [UInt8] {
    try await withTemporaryDirectory { directory in
      let file = try directory.write("pod/compose.yaml", served)
      let text = try await Command(
        BuiltProgram.beside("compose-resources"), ["-f", file] + arguments
      ).output()
      return Array(text.utf8)
    }
  }

  private func expectLife(
    _ settings: MesosSettings, on host: MesosHost, at port: Int, says name: String
  ) async throws {
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await pod.running()
      #expect(try await page(at: port) == "\(name)\n")
      pod.kill()
      try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test(
    "writes an app that runs under Marathon, with its variables", arguments: limiting)
  func marathon(on host: MesosHost) async throws {
    let app = try MarathonApp(
      try await Self.submission("--format", "marathon", "--env", "NAME=marathon"))
    let ports = try FreePorts.take(2)
    var settings = MesosSettings()
    settings.fetched = { try await Self.content($0, executor: $1) }
    settings.make = { id, _ in
      let task = try app.task(id: id, ports: ports)
      #expect(task.cpus == 0.2)
      #expect(task.memory == 72)
      return task
    }
    try await expectLife(settings, on: host, at: ports[0], says: "marathon")
  }

  @Test("writes a job that runs under Aurora", arguments: limiting)
  func aurora(on host: MesosHost) async throws {
    let job = try AuroraJob(try await Self.submission("--format", "aurora"))
    let executor = try AuroraExecutor(
      MesosDeployTests.file("aurora/compose-executor.json"), name: job.executor)
    let ports = try FreePorts.take(job.ports)
    var settings = MesosSettings()
    settings.fetched = { try await Self.content($0, executor: $1) }
    settings.make = { id, _ in
      let task = try job.task(by: executor, id: id, ports: ports)
      #expect(task.cpus == 0.15)
      #expect(task.memory == 24)
      return task
    }
    try await expectLife(settings, on: host, at: ports[0], says: "nobody")
  }
}
