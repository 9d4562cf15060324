import Foundation
import TestSupport
import Testing

/// The cgroup of one run, created as Mesos does it.
struct MesosCgroup: Sendable {
  let run: String
  /// The directories of the cgroups that the executor's process is put into.
  let directories: [String]

  var path: String { "/mesos/\(run)" }

  /// Creates the directories: on version 1 in the hierarchies of the launcher and the isolators; on
  /// version 2 with a leaf for the executor.
  init(_ version: TestEngine.CgroupVersion, limits: [String: String] = [:]) throws {
    let run = UUID().uuidString.lowercased()
    self.run = run
    if version == .v1 {
      directories = try ["freezer", "memory", "cpu", "cpuacct"].map { controller in
        try #require(try Hierarchy.root(of: controller)) + "/mesos/\(run)"
      }
    } else {
      directories = [try #require(try Hierarchy.unifiedRoot()) + "/mesos/\(run)/leaf"]
    }
    for directory in directories {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      for (file, value) in limits
      where FileManager.default.fileExists(atPath: "\(directory)/\(file)") {
        try value.write(toFile: "\(directory)/\(file)", atomically: false, encoding: .utf8)
      }
    }
  }

  /// Moves the executor there before it starts.
  var settings: PodSettings {
    let moves = directories.map { "echo $$ > \($0)/cgroup.procs" }.joined(separator: "; ")
    return PodSettings(shell: "\(moves); exec \"$@\"", run: run)
  }

  /// The number in one of the run's files.
  func number(_ file: String, of controller: String) throws -> Int {
    let root = try #require(try Hierarchy.root(of: controller))
    let text = try String(contentsOfFile: "\(root)\(path)/\(file)", encoding: .utf8)
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  /// Directories of the run in hierarchies that the test doesn't use, and that only the executor
  /// removes.
  func strangers() throws -> [String] {
    try Hierarchy.directories(of: path).filter { directory in
      !directories.contains { $0 == directory || $0.hasPrefix(directory + "/") }
    }
  }

  /// The cleanup that an agent does.
  func remove() throws {
    for directory in try Hierarchy.directories(of: path) {
      Hierarchy.remove(directory)
      rmdir(URL(fileURLWithPath: directory).deletingLastPathComponent().path)
    }
  }
}

@Suite("A pod below a Mesos cgroup", .needsEngine, .throttled)
struct MesosCgroupTests {
  private func withCgroup(
    _ engine: TestEngine, limits: [String: String] = [:],
    _ body: (MesosCgroup) async throws -> Void
  ) async throws {
    let cgroup = try MesosCgroup(engine.cgroups, limits: limits)
    do {
      try await body(cgroup)
      #expect(try cgroup.strangers() == [])
    } catch {
      try cgroup.remove()
      throw error
    }
    try cgroup.remove()
  }

  @Test("has its containers there, and leaves no directory of its own", arguments: TestEngine.all)
  func placed(on engine: TestEngine) async throws {
    try await withCgroup(engine) { cgroup in
      let file = "services:\n  a:\n    image: founding/base\n  b:\n    image: founding/base\n"
      try await withPod(on: engine, file, cgroup.settings) { pod in
        try await pod.running()
        for container in try await pod.containers().values {
          #expect(container.HostConfig.CgroupParent == cgroup.path)
          #expect(container.Config.Labels["mesos.cgroup_parent"] == cgroup.path)
          let text = try String(
            contentsOfFile: "/proc/\(container.State.Pid)/cgroup", encoding: .utf8)
          #expect(text.contains(":\(cgroup.path)/\(container.Id)\n"))
        }
        if engine.cgroups == .v2 {
          // The agent's recovery fails without this directory.
          let root = try #require(try Hierarchy.unifiedRoot())
          #expect(FileManager.default.fileExists(atPath: "\(root)\(cgroup.path)/mesos"))
        }
        #expect(try Hierarchy.directories(of: "/compose-pods/\(pod.run)").isEmpty)
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
        // The directories of containers are removed in every hierarchy.
        let inner = try Hierarchy.directories(of: cgroup.path).flatMap { directory in
          try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.count == 64 }
        }
        #expect(inner.isEmpty)
      }
    }
  }

  /// A service that uses this much memory.
  private func holding(_ name: String, megabytes: Int) -> String {
    """
      \(name):
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'mkfifo /tmp/f; sleep 1000 < /tmp/f &
            exec dd if=/dev/zero bs=\(megabytes)M count=1 of=/tmp/f'

    """
  }

  @Test("is limited as a whole by its memory limit", .needs("memory", on: .v1))
  func memoryV1() async throws { try await memory(on: #require(TestEngine.v1)) }

  @Test("is limited as a whole by its memory limit (cgroup v2)", .needs("memory", on: .v2))
  func memoryV2() async throws { try await memory(on: #require(TestEngine.v2)) }

  private func memory(on engine: TestEngine) async throws {
    let limit = 160 << 20
    let limits = ["memory.limit_in_bytes": String(limit)]
    // One alone is within the limit.
    try await withCgroup(engine, limits: limits) { cgroup in
      var settings = cgroup.settings
      settings.options = ["--grace", "0s"]
      let file = "services:\n" + holding("one", megabytes: 90)
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        try await eventually("90 MB in use") {
          try cgroup.number("memory.usage_in_bytes", of: "memory") > 90 << 20
        }
      }
    }
    // Each is below the limit, both together are above it.
    try await withCgroup(engine, limits: limits) { cgroup in
      let file = "services:\n" + holding("one", megabytes: 90) + holding("two", megabytes: 90)
      var settings = cgroup.settings
      settings.options = ["--grace", "0s"]
      let end = try await podEnd(on: engine, file, settings)
      #expect(end.status == .exited(1))
      #expect(end.states.last == "TASK_FAILED", "\(end)")
      #expect(end.message.contains("was killed for memory"), "\(end)")
      #expect(end.message.contains("; hint: raise the limit"), "\(end)")
    }
  }

  @Test("shares its CPU limit", .needs("cpu", on: .v1))
  func processorV1() async throws { try await processor(on: #require(TestEngine.v1)) }

  @Test("shares its CPU limit (cgroup v2)", .needs("cpu", on: .v2))
  func processorV2() async throws { try await processor(on: #require(TestEngine.v2)) }

  private func processor(on engine: TestEngine) async throws {
    let limits = ["cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "40000"]
    try await withCgroup(engine, limits: limits) { cgroup in
      let busy = "image: pod-test/busybox\n    command: [sh, -c, 'while :; do :; done']\n"
      let file = "services:\n  a:\n    \(busy)  b:\n    \(busy)"
      var settings = cgroup.settings
      settings.options = ["--grace", "0s"]
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        let start = ContinuousClock.now
        let before = try cgroup.number("cpuacct.usage", of: "cpuacct")
        try await eventually("a second of processor time", within: .seconds(300)) {
          try cgroup.number("cpuacct.usage", of: "cpuacct") - before > 1_000_000_000
        }
        // One second of CPU time at 0.4 CPUs takes 2.5 s.
        #expect(ContinuousClock.now - start > .seconds(2))
      }
    }
  }
}
