import AgentStandIn
import Foundation
import TestSupport
import Testing

/// `marathon.json` and `aurora.json` of each sample; `UPDATE_SAMPLES=1` rewrites them.
@Suite("The samples' submissions", .throttled)
struct SampleSubmissionTests {
  /// The options of a sample's submission that don't follow from its file.
  private static let options = [
    "founding": ["--instances", "2"],
    "job": ["--no-service", "--label", "pod.keep_failed=1h", "--label", "pod.disk=enforce"],
    "roles": ["--no-service", "--label", "pod.final_timeout=30s"],
    "terminal": ["--label", "pod.share=net,pid"],
    "task": ["--label", "pod.task_env=marathon", "--label", "pod.check_service=web"],
  ]

  private static func submission(of sample: Sample, _ format: String) async throws -> String {
    try await Command(
      BuiltProgram.beside("compose-resources"),
      ["-f", "compose.yaml", "--format", format] + (options[sample.name] ?? []),
      directory: sample.path
    ).output() + "\n"
  }

  @Test("are written by compose-resources", arguments: Sample.all, ["marathon", "aurora"])
  func fresh(_ sample: Sample, format: String) async throws {
    let written = try await Self.submission(of: sample, format)
    if ProcessInfo.processInfo.environment["UPDATE_SAMPLES"] != nil {
      try written.write(
        toFile: "\(sample.path)/\(format).json", atomically: false, encoding: .utf8)
    }
    #expect(
      try sample.text("\(format).json") == written,
      "stale: UPDATE_SAMPLES=1 FILTER=SampleSubmissionTests make test")
  }

  /// Settings whose task reads one file more if the engine can't apply limits.
  private static func settings(
    for sample: Sample, on host: MesosHost,
    _ make: @escaping (String, String) throws -> TaskDescription
  ) async throws -> MesosSettings {
    var settings = MesosSettings(environment: Sample.images)
    let unlimited = try await sample.unlimited(on: host.engine)
    settings.make = {
      var task = try make($0, $1)
      if unlimited != nil {
        for index in task.labels.indices where task.labels[index].key.hasSuffix("fileName") {
          task.labels[index].value += ",\(sample.name)/unlimited.yaml"
        }
      }
      return task
    }
    settings.fetched = {
      try await sample.fetched(
        in: $0, executor: $1, more: unlimited.map { ["unlimited.yaml": $0] } ?? [:])
    }
    return settings
  }

  /// A pod of services runs until it is killed, a job until it exits.
  private func expectLife(
    of sample: Sample, _ settings: MesosSettings, on host: MesosHost, ports: [Int]
  ) async throws {
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await pod.running()
      if let line = sample.lastLine {
        try await pod.ended()
        #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
        #expect(pod.run.text("stdout").contains(line + "\n"))
      } else {
        #expect(try await !page(at: ports[0]).isEmpty)
        pod.kill()
        try await pod.ended()
        #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
      }
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// All samples on the first engine, and one of each framework on the other.
  private static func cases(onOther sample: Sample) -> [(MesosHost, Sample)] {
    MesosHost.linux.enumerated().flatMap { index, host in
      (index == 0 ? Sample.all : [sample]).map { (host, $0) }
    }
  }

  @Test("run under Marathon", .needsEngine, arguments: cases(onOther: .founding))
  func marathon(on host: MesosHost, _ sample: Sample) async throws {
    let app = try MarathonApp(Array(sample.text("marathon.json").utf8))
    let ports = try FreePorts.take(sample.ports)
    let settings = try await Self.settings(for: sample, on: host) { id, _ in
      try app.task(id: id, ports: ports)
    }
    try await expectLife(of: sample, settings, on: host, ports: ports)
  }

  @Test("run under Aurora", .needsEngine, arguments: cases(onOther: .job))
  func aurora(on host: MesosHost, _ sample: Sample) async throws {
    let job = try JSON(parsing: Array(sample.text("aurora.json").utf8))
    #expect(job["port"]?.integer == Int64(sample.ports))
    #expect(job["service"]?.bool == (sample.lastLine == nil))
    let executor = try AuroraExecutor(
      Array(Sample.deployed("aurora/compose-executor.json").utf8),
      name: job["executor"]?["name"]?.string ?? "")
    let ports = try FreePorts.take(sample.ports)
    let settings = try await Self.settings(for: sample, on: host) { id, _ in
      var task = executor.task(
        id: id, ports: ports,
        metadata: (job["labels"]?.members ?? [:]).map { ($0.key, $0.value.string ?? "") },
        uris: (job["uris"]?.array ?? []).map {
          FetchURI($0["uri"]?.string ?? "", extract: $0["extract"]?.bool ?? false)
        })
      task.cpus = try #require(job["cpu"]?.double)
      task.memory = try #require(job["ram"]?.double)
      return task
    }
    try await expectLife(of: sample, settings, on: host, ports: ports)
  }
}
