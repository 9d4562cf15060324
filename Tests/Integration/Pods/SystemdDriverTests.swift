import AgentStandIn
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

/// What the engine's systemd has.
struct SystemdView: Sendable {
  let engine: TestEngine

  /// The units of a run: its slice, and scopes in it.
  func units(_ run: String) async throws -> [String] {
    let unit = try #require(PodSlice(run: run)).unit
    let list = try await engine.inside(
      "systemctl", "list-units", "--all", "--plain", "--no-legend", unit, "docker-*.scope"
    ).output()
    var found: [String] = []
    for name in list.split(separator: "\n").compactMap({ $0.split(separator: " ").first }) {
      let slice = try await show(String(name), "Slice")
      if name == unit || slice == unit { found.append(String(name)) }
    }
    return found
  }

  /// A property of a unit.
  func show(_ unit: String, _ property: String) async throws -> String {
    try await engine.inside("systemctl", "show", "--value", "-p", property, unit).output()
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A file of a run's slice in the hierarchy of a controller.
  func file(_ name: String, of controller: String, _ run: String) throws -> String {
    let root = try #require(try Hierarchy.root(of: controller))
    let path = try #require(PodSlice(run: run)).path
    return try String(contentsOfFile: "\(root)\(path)/\(name)", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The limits that the kernel has for a run: memory, quota and shares of processors.
  func limits(_ run: String) throws -> [String] {
    [
      try file("memory.limit_in_bytes", of: "memory", run),
      try file("cpu.cfs_quota_us", of: "cpu", run), try file("cpu.shares", of: "cpu", run),
    ]
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips where there is no engine with the systemd cgroup driver.
  static var needsSystemd: ConditionTrait {
    .enabled(
      if: TestEngine.systemd != nil,
      "needs an engine with the systemd cgroup driver, which needs cgroup v1: make test")
  }
}

// One after the other: while systemd is executed anew, as one of them has it, systemctl fails.
@Suite("A pod on an engine with the systemd cgroup driver", .needsSystemd, .throttled, .serialized)
struct SystemdDriverTests {
  let engine: TestEngine
  let systemd: SystemdView

  init() throws {
    engine = try #require(TestEngine.systemd)
    systemd = SystemdView(engine: engine)
  }

  private static let two = """
    services:
      a: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
      b: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
    """

  /// Takes so many megabytes in a process beside its first.
  private static func hog(_ megabytes: Int) -> String {
    """
    services:
      calm: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL, restart: always}
      hog:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'until [ -e /box/go ]; do sleep 0.05; done;
            dd if=/dev/zero bs=\(megabytes)M count=1 | tail -c 1 >/dev/null & wait; sleep 1000'
        stop_signal: SIGKILL
        restart: always
        volumes: [".:/box"]
    """
  }

  /// Changes what a task is given.
  private static func given(
    cpus: Double, megabytes: Double, limits: [String: Double] = [:], cfs: Bool = true
  ) -> MesosSettings {
    var settings = MesosSettings()
    settings.task = { task in
      task.cpus = cpus
      task.memory = megabytes
      if !limits.isEmpty {
        task.extra["limits"] = .object(limits.mapValues { ["value": .double($0)] })
      }
    }
    settings.launch = { $0.enablesCFS = cfs }
    return settings
  }

  @Test("has its containers as scopes in a slice of its own, and leaves no unit")
  func placed() async throws {
    let run = try await withPod(on: engine, Self.two) { pod in
      try await pod.running()
      let slice = try #require(PodSlice(run: pod.run))
      for container in try await pod.containers().values {
        #expect(container.HostConfig.CgroupParent == slice.unit)
        #expect(container.Config.Labels["mesos.cgroup_parent"] == slice.path)
        #expect(container.Config.Labels["mesos.executor_cgroup"] == "")
        let text = try String(
          contentsOfFile: "/proc/\(container.State.Pid)/cgroup", encoding: .utf8)
        #expect(text.contains(":name=systemd:\(slice.path)/docker-\(container.Id).scope\n"))
        #expect(text.contains(":memory:\(slice.path)/docker-\(container.Id).scope\n"))
      }
      #expect(try await systemd.units(pod.run).count == 3)
      let owner = try #require(
        SliceOwner(description: try await systemd.show(slice.unit, "Description")))
      #expect(owner.incarnation.pid == pod.executor.pid)
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
      return pod.run
    }
    try await eventually("no unit is left") { try await systemd.units(run).isEmpty }
  }

  /// What a task is given, what the launcher is, and what its slice must have.
  static var limits: [(String, LaunchOptions.Launcher, MesosSettings, [String])] {
    [
      (
        "resources, with quotas", .cgroups1, given(cpus: 0.5, megabytes: 128),
        ["134217728", "50000", "512"]
      ),
      (
        "resources, without quotas", .cgroups1, given(cpus: 0.5, megabytes: 128, cfs: false),
        ["134217728", "-1", "512"]
      ),
      (
        "limits beyond them", .cgroups1,
        given(cpus: 0.5, megabytes: 128, limits: ["cpus": 1.5, "mem": 512]),
        ["536870912", "150000", "512"]
      ),
      (
        "limits that are infinite", .cgroups1,
        given(cpus: 0.5, megabytes: 128, limits: ["cpus": .infinity, "mem": .infinity]),
        ["9223372036854771712", "-1", "512"]
      ),
      (
        "resources, by an agent that limits nothing", .posix, given(cpus: 0.25, megabytes: 96),
        ["100663296", "-1", "256"]
      ),
      ("very little", .cgroups1, given(cpus: 0.01, megabytes: 32), ["33554432", "1000", "10"]),
    ]
  }

  @Test("is held to what its task was given", arguments: 0..<6)
  func limited(index: Int) async throws {
    let (_, launcher, settings, expected) = Self.limits[index]
    try await withMesosPod(on: MesosHost(engine, launcher), Self.two, settings) { pod in
      try await pod.running()
      #expect(try systemd.limits(pod.run.id) == expected)
      let unit = try #require(PodSlice(run: pod.run.id)).unit
      let memory = try await systemd.show(unit, "MemoryMax")
      #expect(memory == (expected[0].count > 15 ? "infinity" : expected[0]))
      // What systemd does on these occasions leaves them as they are.
      for command in ["daemon-reload", "daemon-reexec"] {
        _ = try await engine.inside("systemctl", command).output()
        #expect(try systemd.limits(pod.run.id) == expected, "after \(command)")
      }
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
      try await eventually("no unit is left") { try await systemd.units(pod.run.id).isEmpty }
    }
  }

  @Test("is launched, killed and reaped while systemd is executed anew again and again")
  func reexecuted() async throws {
    let space = try #require(engine.space)
    // In a loop of its own, until it is told to end.
    let storm = try Command(
      "nsenter",
      [
        "--mount=/proc/\(space)/ns/mnt", "sh", "-c",
        "while sleep 0.4; do systemctl daemon-reexec 2>/dev/null; done",
      ]
    ).start()
    defer { storm.send(SIGKILL) }
    try await withReaperSite(on: engine) { site in
      for round in 0..<4 {
        try await withPod(on: engine, Self.two) { pod in
          try await pod.running()
          if round % 2 == 0 {
            pod.send(SIGTERM)
            let end = try await pod.ended()
            #expect(end.status == .exited(130), "\(end)")
          } else {
            try await pod.kill()
            let end = try await site.once()
            #expect(end.status == .exited(0), "\(end)")
          }
        }
      }
    }
  }

  @Test("shares its slice with others of its executor: it has the sum, and less when one ends")
  func summed() async throws {
    let other = "it-\(UUID().uuidString.prefix(8).lowercased())"
    var settings = Self.given(cpus: 0.5, megabytes: 128)
    settings.group = [other]
    try await withMesosPod(on: MesosHost(engine, .cgroups1), groupFile, settings) { pod in
      try await pod.running()
      try await pod.agent.update("TASK_RUNNING", of: other)
      #expect(try systemd.limits(pod.run.id) == ["268435456", "100000", "1024"])
      try pod.write(other, "0")
      #expect(try await pod.agent.end(of: other).state == "TASK_FINISHED")
      #expect(try systemd.limits(pod.run.id) == ["134217728", "50000", "512"])
      #expect(pod.states.last == "TASK_RUNNING")
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  /// The kernel kills a process beside the first, or the first: then its container exits as well.
  @Test(
    "that reaches its task's memory limit fails with it, whoever is killed",
    arguments: [hog(400), hog(400).replacing(" & wait; sleep 1000", with: "; exit 3")])
  func memory(file: String) async throws {
    try await withMesosPod(
      on: MesosHost(engine, .cgroups1), file, Self.given(cpus: 0.5, megabytes: 64)
    ) { pod in
      try await pod.running()
      let begin = ContinuousClock.now
      try pod.write("go")
      let end = try await pod.ended()
      print("from the start of the allocation to TASK_FAILED: \(ContinuousClock.now - begin)")
      #expect(end.state == "TASK_FAILED")
      #expect(end.reason == "REASON_CONTAINER_LIMITATION_MEMORY")
      let message = end.message ?? ""
      #expect(message.contains("service 'hog' was killed for memory"), "\(message)")
      #expect(message.contains("limit of 67108864 bytes"), "\(message)")
    }
  }

  @Test("whose executor is killed runs on, and a reaper removes it with its slice")
  func crash() async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod) { pod in
        try await pod.running()
        let before = try await pod.untouched()
        let alive = try await site.once()
        #expect(alive.pod(pod.run)?.verdict == "alive", "\(alive)")
        #expect(try await pod.untouched() == before)
        try await pod.kill()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.run)?.removed["cgroups"] == [try #require(PodSlice(run: pod.run)).path])
        #expect(try await Leftovers.of(run: pod.run, on: engine).isEmpty)
        try await eventually("no unit is left") { try await systemd.units(pod.run).isEmpty }
      }
    }
  }

  @Test("whose slice someone stops is started again in one with the same limits")
  func stopped() async throws {
    let file = """
      services:
        a:
          image: pod-test/busybox
          command: [sh, -c, "trap 'exit 0' TERM; sleep 1000 & wait"]
          restart: always
      """
    try await withMesosPod(
      on: MesosHost(engine, .cgroups1), file, Self.given(cpus: 0.5, megabytes: 64)
    ) { pod in
      try await pod.running()
      let limits = try systemd.limits(pod.run.id)
      let id = try #require(try await pod.containers().first)
      let format = ["inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", id]
      let before = try await engine.docker(format).output()
      let unit = try #require(PodSlice(run: pod.run.id)).unit
      _ = try await engine.inside("systemctl", "stop", unit).output()
      try await eventually("it is started again") {
        let now = try await engine.docker(format).output()
        return now != before && now.hasPrefix("true")
      }
      #expect(try systemd.limits(pod.run.id) == limits)
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  @Test("may use the devices that the agent's isolator lets its executor use, and no others")
  func devices() async throws {
    var settings = Self.given(cpus: 0.5, megabytes: 64)
    settings.launch = { $0.devices = LaunchOptions.defaultDevices }
    try await withMesosPod(on: MesosHost(engine, .cgroups1), Self.two, settings) { pod in
      try await pod.running()
      let list = try systemd.file("devices.list", of: "devices", pod.run.id)
        .split(separator: "\n").map(String.init)
      let allowed = Set(LaunchOptions.defaultDevices)
      #expect(!list.isEmpty)
      #expect(
        list.allSatisfy { line in
          // systemd names drivers whole: what a major number stands for, for one.
          allowed.contains(line) || line == "c 136:* rwm"
        }, "\(list)")
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  /// Runs an executor in a cgroup of the run whose block devices are throttled, with what the operator's file says.
  private func throttled(
    _ operatorFile: String, _ body: (RunningPod) async throws -> Void
  ) async throws {
    let run = UUID().uuidString.lowercased()
    let root = try #require(try Hierarchy.root(of: "blkio"))
    let group = "\(root)/mesos/\(run)"
    try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: true)
    var status = stat()
    try #require(stat("/", &status) == 0)
    let disk = "\(status.st_dev >> 8 & 0xfff):\(status.st_dev & 0xff) 1048576"
    try disk.write(
      toFile: "\(group)/blkio.throttle.write_bps_device", atomically: false, encoding: .utf8)
    defer {
      Hierarchy.remove(group)
      rmdir("\(root)/mesos")
    }
    let mount = "mount -t overlay overlay -o lowerdir=$PWD/etc:/etc /etc"
    let settings = PodSettings(
      files: ["etc/compose-executor.yaml": operatorFile],
      shell: """
        chown 0:0 etc etc/*; echo $$ > \(group)/cgroup.procs
        exec unshare -m sh -c '\(mount) && exec "$@"' sh "$@"
        """, run: run)
    try await withPod(on: engine, Self.two, settings) { try await body($0) }
  }

  @Test("isn't launched where it would escape from an isolator, unless the operator says so")
  func escape() async throws {
    for file in ["{}\n", "escape-isolators: refuse\n"] {
      try await throttled(file) { pod in
        let end = try await pod.ended()
        #expect(end.status == .exited(1))
        #expect(end.message.contains("cgroups/blkio"), "\(end)")
        #expect(end.message.contains("escape-isolators: warn"), "\(end)")
      }
    }
    try await throttled("escape-isolators: warn\nslice-parent: tasks-it.slice\n") { pod in
      try await pod.running()
      let warned = pod.executor.lines(.stderr).contains { $0.contains("cgroups/blkio") }
      #expect(warned)
      let slice = try #require(PodSlice(run: pod.run, parent: "tasks-it.slice"))
      for container in try await pod.containers().values {
        #expect(container.Config.Labels["mesos.cgroup_parent"] == slice.path)
      }
      #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
      pod.send(SIGTERM)
      _ = try await pod.ended()
      try await eventually("its slices are gone") {
        let state = try await systemd.show(slice.above, "ActiveState")
        return try state == "inactive" && Hierarchy.folders(of: slice.path).isEmpty
      }
    }
  }

  // MARK: The reaper

  @Test("whose executor is killed goes at once where the reaper's daemon runs")
  func crashWithDaemon() async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site, ["--interval", "60s"]) { _ in
        try await withPod(on: engine, Self.two) { pod in
          try await pod.running()
          try await eventually("the reaper knows it") {
            try await site.status(of: pod.run)?.verdict == "alive"
          }
          let begin = ContinuousClock.now
          try await pod.kill()
          try await site.isRid(of: pod.run)
          print("from SIGKILL to nothing left: \(ContinuousClock.now - begin)")
        }
      }
    }
  }

  /// Makes a slice of a run's name that no executor has made.
  private func makeSlice(_ run: String) async throws -> PodSlice {
    let slice = try #require(PodSlice(run: run))
    // Its scope ends at once, and the slice stays.
    _ = try await engine.inside(
      "systemd-run", "--scope", "--quiet", "--slice", slice.unit, "true"
    ).output()
    return slice
  }

  @Test("of whom only an empty slice is left")
  func emptySlices() async throws {
    try await withReaperSite(on: engine) { site in
      // An executor of which SIGKILL leaves the slice alone: its container is removed by someone else.
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        try await pod.kill()
        let names = ["\(pod.task)_a", "\(pod.task)_b"]
        _ = try await engine.docker(["rm", "-f"] + names).output()
        let networks = try await Leftovers.of(run: pod.run, on: engine).networks
        _ = try await engine.docker(["network", "rm"] + networks).output()
        #expect(try await systemd.units(pod.run).count == 1)
        try await eventually("a reaper removes it") {
          let end = try await site.once()
          let left = try await systemd.units(pod.run)
          return end.status == .exited(0) && left.isEmpty
        }
      }
      // One that lives keeps its own, even where nothing is in it.
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        let slice = try #require(PodSlice(run: pod.run))
        let before = try await systemd.show(slice.unit, "ActiveEnterTimestampMonotonic")
        for name in ["a", "b"] {
          // Stopped by a signal, so that it doesn't notice.
          pod.send(SIGSTOP)
          _ = try await engine.docker("rm", "-f", "\(pod.task)_\(name)").output()
        }
        let networks = try await Leftovers.of(run: pod.run, on: engine).networks
        _ = try await engine.docker(["network", "rm"] + networks).output()
        for _ in 0..<3 { _ = try await site.once() }
        #expect(try await systemd.show(slice.unit, "ActiveEnterTimestampMonotonic") == before)
        #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
        pod.send(SIGCONT)
        _ = try await pod.ended()
      }
      // One whose description names nobody is nobody's to remove.
      let run = UUID().uuidString.lowercased()
      let slice = try await makeSlice(run)
      for _ in 0..<3 { _ = try await site.once() }
      #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
      _ = try await engine.inside("systemctl", "stop", slice.unit).output()
    }
  }

  @Test("in whose slice a stranger's container runs leaves that alone, and so does a reaper")
  func stranger() async throws {
    try await withReaperSite(on: engine) { site in
      for isKilled in [false, true] {
        let run = UUID().uuidString.lowercased()
        let slice = try #require(PodSlice(run: run))
        let stranger = "stranger-\(run.prefix(8))"
        try await withPod(on: engine, Self.two, PodSettings(run: run)) { pod in
          try await pod.running()
          _ = try await engine.docker(
            "run", "-d", "--name", stranger, "--cgroup-parent", slice.unit, "pod-test/busybox",
            "sleep", "1000"
          ).output()
          let format = ["inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", stranger]
          let before = try await engine.docker(format).output()
          if isKilled {
            try await pod.kill()
            let end = try await site.once()
            #expect(end.status == .exited(1), "\(end)")
          } else {
            pod.send(SIGTERM)
            let end = try await pod.ended()
            #expect(end.status == .exited(1))
            #expect(end.message.contains("cgroup \(slice.path)"), "\(end)")
          }
          #expect(try await engine.docker(format).output() == before)
          #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
          let left = try await Leftovers.of(run: run, on: engine)
          #expect(left.containers.isEmpty && left.networks.isEmpty)
          _ = try await engine.docker("rm", "-f", stranger).output()
          try await eventually("a reaper removes the rest") {
            _ = try await site.once()
            return try await Leftovers.of(run: run, on: engine).isEmpty
          }
        }
      }
    }
  }

  @Test("whose executor doesn't know its pid is kept by its lease, and goes with it")
  func ownNamespace() async throws { try await ReaperLeaseTests().ownNamespace(on: engine) }

  @Test("of which systemd still lists a failed scope leaves none")
  func failedScope() async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        let slice = try #require(PodSlice(run: pod.run))
        let scope = PodSlice.scope(of: String(repeating: "0", count: 56) + pod.run.prefix(8))
        _ = try await engine.inside(
          "systemd-run", "--scope", "--quiet", "--unit", scope, "--slice", slice.unit,
          "-p", "RuntimeMaxSec=100ms", "sleep", "10"
        ).run()
        #expect(try await systemd.show(scope, "ActiveState") == "failed")
        try await pod.kill()
        #expect(try await site.once().status == .exited(0))
        try await eventually("no unit is left") { try await systemd.units(pod.run).isEmpty }
        #expect(try await systemd.show(scope, "ActiveState") == "inactive")
      }
    }
  }

  private var groupFile: String {
    """
    services:
      web:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'until [ -s /box/${NAME} ]; do sleep 0.05; done; exit $$(cat /box/${NAME})'
        stop_signal: SIGKILL
        volumes: [".:/box"]
    """
  }
}
