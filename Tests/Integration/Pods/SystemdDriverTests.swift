import AgentStandIn
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport
// In sequence: while systemd re-executes itself, as in one of these tests, systemctl fails.
@Suite("A pod with the systemd cgroup driver", .needsSystemd, .throttled, .serialized)
struct SystemdDriverTests {
  let engine: TestEngine
  let systemd: SystemdView

  init() throws {
    engine = try #require(TestEngine.systemd)
    systemd = SystemdView(engine: engine)
  }

  static let two = """
    services:
      a: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
      b: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
    """

  /// Allocates memory, in megabytes, in a process other than its first.
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

  /// Sets the resources of a task.
  static func given(
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

  @Test("has its containers as scopes in its own slice, and leaves no unit")
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
        PodOwner(description: try await systemd.show(slice.unit, "Description")))
      #expect(owner.incarnation.pid == pod.executor.pid)
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
      return pod.run
    }
    try await eventually("no unit is left") { try await systemd.units(run).isEmpty }
  }

  /// The resources of a task, the launcher, and the expected limits of its slice.
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

  @Test("has the limits of its task's resources", arguments: 0..<6)
  func limited(index: Int) async throws {
    let (_, launcher, settings, expected) = Self.limits[index]
    try await withMesosPod(on: MesosHost(engine, launcher), Self.two, settings) { pod in
      try await pod.running()
      #expect(try systemd.limits(pod.run.id) == expected)
      let unit = try #require(PodSlice(run: pod.run.id)).unit
      let memory = try await systemd.show(unit, "MemoryMax")
      #expect(memory == (expected[0].count > 15 ? "infinity" : expected[0]))
      // These systemd operations don't change the limits.
      for command in ["daemon-reload", "daemon-reexec"] {
        _ = try await engine.inside("systemctl", command).output()
        #expect(try systemd.limits(pod.run.id) == expected, "after \(command)")
      }
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
      try await eventually("no unit is left") { try await systemd.units(pod.run.id).isEmpty }
    }
  }

  @Test("is launched, killed and reaped while systemd repeatedly re-executes itself")
  func reexecuted() async throws {
    let space = try #require(engine.space)
    // In its own loop, until it is killed.
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

  @Test("shares its slice with other tasks of its executor: the limit is their sum")
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

  /// The kernel kills a process other than the first, or the first: then its container exits too.
  @Test(
    "fails at its task's memory limit, whichever process is killed",
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

  @Test("starts again in a slice with the same limits if an operator stops its slice")
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
