import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

/// In any doubt nothing is removed. These tests depend only on labels, so that one engine is
/// enough.
@Suite("Objects that pod-reaper doesn't remove", .needsEngine)
struct ReaperDoubtTests {
  private static let one = TestEngine.all.suffix(1)

  /// Creates a pod with these labels and runs a pass: none of its objects is removed, and its
  /// verdict has this reason.
  private func expectLeft(
    _ identity: PodIdentity, as verdict: String, why: String, on engine: TestEngine
  ) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([identity], on: engine) { pods in
        try await pods[0].container()
        try await pods[0].network()
        try await pods[0].volume()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(identity.run)?.verdict == verdict, "\(end)")
        #expect(end.pod(identity.run)?.why.contains(why) == true, "\(end)")
        let left = try await pods[0].left()
        #expect(left.containers.count == 1 && left.networks.count == 1 && left.volumes.count == 1)
      }
    }
  }

  @Test("a pid with the start time of its current process is alive", arguments: one)
  func sameProcess(on engine: TestEngine) async throws {
    try await expectLeft(
      .forged(by: .current()), as: "alive", why: "its executor's process is alive", on: engine)
  }

  @Test("a pid that another process uses now doesn't prove life", arguments: one)
  func pidUsedAgain(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let own = Incarnation.current()
      let start = try #require(own.startTime)
      let earlier = Incarnation(bootID: own.bootID, pid: own.pid, startTime: start - 1)
      try await withForged([.forged(by: earlier), .forged(by: own)], on: engine) { pods in
        for pod in pods { try await pod.container() }
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        let pod = try #require(end.pod(pods[0].identity.run), "\(end)")
        #expect(pod.verdict == "leaked" && pod.why == "its pid belongs to another process")
        #expect(try await pods[0].left().isEmpty)
        #expect(try await pods[1].left().containers.count == 1)
      }
    }
  }

  @Test("labels of another machine are foreign", arguments: one)
  func otherMachine(on engine: TestEngine) async throws {
    var identity = PodIdentity.forged()
    identity.incarnation.bootID = UUID().uuidString.lowercased()
    identity.host.machineID = String(repeating: "0123456789abcdef", count: 2)
    try await expectLeft(identity, as: "foreign", why: "it is from another host", on: engine)
  }

  @Test(
    "a pod of an earlier boot of this machine is leaked, whatever has its pid", arguments: one)
  func otherBoot(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // This process's pid and start time, of another boot; and an executor that knew no pid.
      var old = PodIdentity.forged(by: .current())
      old.incarnation.bootID = UUID().uuidString.lowercased()
      var unknown = PodIdentity.forged()
      unknown.incarnation = Incarnation(
        bootID: UUID().uuidString.lowercased(), pid: nil, startTime: nil)
      // The same without a machine ID, and a pod of this boot.
      var doubtful = old
      (doubtful.run, doubtful.host.machineID) = (UUID().uuidString.lowercased(), nil)
      let living = PodIdentity.forged(by: .current())
      try await withForged([old, unknown, doubtful, living], on: engine) { pods in
        for pod in pods {
          try await pod.container(starts: true)
          try await pod.network()
          try await pod.volume()
        }
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        for pod in pods[..<2] {
          let report = try #require(end.pod(pod.identity.run), "\(end)")
          #expect(report.verdict == "leaked")
          #expect(report.why == "its executor ran before this host's last boot")
          #expect(try await pod.left().isEmpty)
        }
        #expect(end.pod(doubtful.run)?.verdict == "undecided", "\(end)")
        #expect(end.pod(living.run)?.verdict == "alive", "\(end)")
        for pod in pods[2...] {
          let left = try await pod.left()
          #expect(left.containers.count == 1 && left.networks.count == 1 && left.volumes.count == 1)
        }
      }
    }
  }

  @Test("labels without boot and machine ID are undecided", arguments: one)
  func noHost(on engine: TestEngine) async throws {
    var identity = PodIdentity.forged()
    identity.incarnation.bootID = nil
    identity.host.machineID = nil
    try await expectLeft(identity, as: "undecided", why: "no boot ID and no machine ID", on: engine)
  }

  @Test("an executor that doesn't know its pid on the host is undecided", arguments: one)
  func noPID(on engine: TestEngine) async throws {
    var identity = PodIdentity.forged()
    identity.incarnation.pid = nil
    identity.incarnation.startTime = nil
    try await expectLeft(
      identity, as: "undecided", why: "its executor's pid isn't known", on: engine)
  }

  @Test("invalid label values are undecided", arguments: one)
  func nonsense(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let identity = PodIdentity.forged()
      try await withForged([identity], on: engine) { pods in
        let values = [
          ("mesos.executor.pid", "-1"), ("mesos.executor.pid", "99999999999999"),
          ("mesos.executor.start_time", "yesterday"), ("mesos.host.boot_id", ""),
        ]
        for (key, value) in values {
          try await pods[0].container(labels: identity.labels.merging([key: value]) { $1 })
        }
        let end = try await site.once()
        #expect(
          end.report?.pods.filter { $0.run == identity.run }.contains {
            $0.verdict == "leaked"
          } == false, "\(end)")
        #expect(try await pods[0].left().containers.count == values.count)
      }
    }
  }

  /// Invariant 3: only objects with all labels are removed.
  @Test("a container without the full set of labels is kept, whatever its name", arguments: one)
  func lacksTheSet(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let identity = PodIdentity.forged()
      try await withForged([identity], on: engine) { pods in
        let others: [String] = try await [
          pods[0].container(
            "\(identity.taskID)_web", labels: ["mesos.task_id": identity.taskID, "taskId": "x"]),
          pods[0].container(labels: identity.labels.filter { $0.key != "mesos.executor.pid" }),
          pods[0].container(labels: identity.labels.filter { $0.key != "mesos.host.boot_id" }),
          pods[0].container(labels: [
            "com.docker.compose.project": identity.names.project,
            "com.docker.compose.service": "web",
          ]),
        ]
        let own = try await pods[0].container("\(identity.taskID)_web-1")
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.report?.unlabelled.count ?? 0 >= 2, "\(end)")
        let all = try await engine.docker("ps", "-aq", "--no-trunc").output()
        for other in others {
          #expect(all.contains(other))
          try await engine.docker("rm", "-f", other).run()
        }
        #expect(!all.contains(own))
      }
    }
  }

  @Test("a container made from a pod's committed image is not the pod's", arguments: one)
  func committed(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        let image = "committed-\(pods[0].identity.run.prefix(8)):1"
        let own = try await pods[0].container(starts: true)
        try await engine.docker("commit", own, image).output()
        let copy = try await engine.docker(
          "run", "-d", "--network", "none", "--name", "copy-\(pods[0].identity.run)", image
        ).output()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        // Other tests have such copies too.
        let inherited = end.report?.inherited ?? []
        #expect(inherited.contains("copy-\(pods[0].identity.run)"), "\(end)")
        #expect(try await pods[0].left().containers == [copy])
        let running = engine.docker("inspect", "--format", "{{.State.Running}}", copy)
        #expect(try await running.output() == "true")
        // The output of explain has the reason.
        let words = try await site.reaper(["explain", copy]).run()
        #expect(words.status == .exited(1))
        #expect(words.stderr.contains("inherited its labels from its image"), "\(words)")
        try await pods[0].remove()
        try await engine.docker("rmi", image).run()
      }
    }
  }

  @Test(
    "if the committed image is removed, the cgroup parent distinguishes the pod from a copy",
    arguments: one)
  func committedImageIsGone(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        let pod = pods[0]
        let image = "gone-\(pod.identity.run.prefix(8)):1"
        // The pod's own container is created from an image without labels that is then removed,
        // too.
        let plain = "plain-\(pod.identity.run.prefix(8)):1"
        let source = try await engine.docker("create", "founding/base").output()
        try await engine.docker("commit", source, plain).output()
        try await engine.docker("rm", source).output()
        let own = try await pod.container(image: plain) {
          $0.hostConfig?.cgroupParent = pod.identity.cgroupParent
        }
        try await engine.docker("commit", own, image).output()
        let copy = try await engine.docker(
          "create", "--network", "none", "--name", "copy-\(pod.identity.run)", image
        ).output()
        for name in [image, plain] {
          try await engine.docker("rmi", "-f", name).output()
          let gone = try await engine.docker("image", "inspect", name).run()
          #expect(gone.status == .exited(1), "\(name) is still there")
        }
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        let inherited = end.report?.inherited ?? []
        #expect(inherited.contains("copy-\(pod.identity.run)"), "\(end)")
        #expect(end.pod(pod.identity.run)?.removed["containers"]?.count == 1, "\(end)")
        #expect(try await pod.left().containers == [copy])
      }
    }
  }

  @Test("a new run of an executor ID is kept while the old run is removed", arguments: one)
  func executorIDUsedAgain(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      var old = PodIdentity.forged()
      var new = PodIdentity.forged(by: .current())
      (old.executorID, new.executorID) = ("executor-again", "executor-again")
      new.taskID = old.taskID
      try await withForged([old, new], on: engine) { pods in
        for pod in pods {
          try await pod.container(starts: true)
          try await pod.network()
          try await pod.volume()
        }
        let before = try await pods[1].left()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(try await pods[0].left().isEmpty)
        let after = try await pods[1].left()
        #expect(after.containers == before.containers && after.networks == before.networks)
        #expect(after.volumes == before.volumes)
      }
    }
  }

  @Test(
    "another agent's pods on the same engine are decided by their own executors", arguments: one)
  func twoAgents(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      var identities = [
        PodIdentity.forged(), .forged(by: .current()), .forged(), .forged(by: .current()),
      ]
      for index in 2...3 {
        identities[index].agentID = "agent-2"
        identities[index].executorID = identities[index - 2].executorID
        identities[index].taskID = identities[index - 2].taskID
      }
      try await withForged(identities, on: engine) { pods in
        for pod in pods {
          try await pod.container()
          try await pod.volume()
        }
        #expect(try await site.once().status == .exited(0))
        for (pod, isLeft) in zip(pods, [false, true, false, true]) {
          let left = try await pod.left()
          #expect(left.containers.isEmpty != isLeft && left.volumes.isEmpty != isLeft)
        }
      }
    }
  }
}
