import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("pod-reaper --once", .needsEngine)
struct ReaperOnceTests {
  /// Invariant 2: pod-reaper removes what a killed executor leaves.
  @Test(
    "removes all objects that a killed executor left, and none of a running pod",
    arguments: TestEngine.all)
  func removesAll(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod) { living in
        try await withPod(on: engine, fullPod) { dead in
          try await living.running()
          try await dead.running()
          let before = try await living.untouched()
          let left = try await Leftovers.of(run: dead.run, on: engine)
          #expect(left.containers.count == 3 && left.networks.count == 1)
          #expect(left.volumes.count == 1 && !left.cgroups.isEmpty)
          try await dead.kill()
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          let pod = try #require(end.pod(dead.run), "\(end)")
          #expect(pod.verdict == "leaked")
          #expect(pod.removed["containers"]?.count == 3)
          #expect(pod.removed["networks"]?.count == 1)
          #expect(pod.removed["volumes"]?.count == 1)
          #expect(pod.removed["cgroups"] == ["/compose-pods/\(dead.run)"])
          #expect(end.pod(living.run)?.verdict == "alive")
          try await expectNothingLeft(of: dead)
          #expect(try await living.untouched() == before)
          let lines = try String(contentsOfFile: site.journal, encoding: .utf8)
            .split(separator: "\n")
          #expect(lines.filter { $0.contains(dead.run) }.count == 1)
          #expect(!lines.contains { $0.contains(living.run) })
          // There is nothing left to do, and a pass reports it.
          let again = try await site.once()
          #expect(again.status == .exited(0) && again.pod(dead.run) == nil, "\(again)")
        }
      }
    }
  }

  @Test("warns that a create can outlive its executor, and the next pass removes the object")
  func lateCreate() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await EngineHold.with(engine, holding: "POST /networks/create") { hold in
        let settings = PodSettings(environment: ["DOCKER_HOST": hold.dockerHost])
        let file = "services: {web: {image: pod-test/busybox, command: [sleep, '1000']}}"
        try await withPod(on: engine, file, settings) { pod in
          try await hold.isHeld()
          try await pod.kill()
          let table = try await site.reaper(["--once"]).run(within: .seconds(300))
          #expect(table.status == .exited(0), "\(table)")
          #expect(!table.stdout.contains(pod.task), "\(table)")
          #expect(
            table.stdout.hasSuffix(
              "the engine may still create objects for an executor that has just died: the next pass removes them\n"
            ), "\(table)")
          hold.release()
          try await eventually("the network") {
            try await !Leftovers.of(run: pod.run, on: engine).networks.isEmpty
          }
          let end = try await site.once()
          #expect(end.pod(pod.run)?.removed["networks"]?.count == 1, "\(end)")
          try await expectNothingLeft(of: pod)
        }
      }
    }
  }

  @Test(
    "removes a single volume, a single network, and a container that was never started",
    arguments: TestEngine.all)
  func halfMade(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged(), .forged(), .forged()], on: engine) { pods in
        try await pods[0].volume()
        try await pods[1].network()
        try await pods[2].container()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        for pod in pods { #expect(try await pod.left().isEmpty) }
      }
    }
  }

  @Test("removes objects that the engine completes between two checks", arguments: TestEngine.all)
  func quietObservations(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // The first pass removes; the second and third only check, one second apart.
      try await EngineHold.with(engine, holding: "GET /containers/json", number: 3) { hold in
        try await withForged([.forged()], on: engine) { pods in
          try await pods[0].container()
          var reaper = site.reaper(["--once", "--format", "json"])
          reaper.environment["DOCKER_HOST"] = hold.dockerHost
          let process = try reaper.start()
          defer { process.send(SIGKILL) }
          try await hold.isHeld()
          #expect(try await pods[0].left().isEmpty)
          try await pods[0].container(starts: true)
          hold.release()
          let end = try ReaperEnd(try await process.result(within: .seconds(180)))
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(pods[0].identity.run)?.removed["containers"]?.count == 2, "\(end)")
          #expect(try await pods[0].left().isEmpty)
        }
      }
    }
  }

  @Test("doesn't remove a pod while its proof is younger than the grace", arguments: TestEngine.all)
  func waitsForGrace(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { pod in
        try await pod.running()
        try await pod.kill()
        let start = ContinuousClock.now
        let end = try await site.once("--grace", "2s")
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.run)?.verdict == "leaked", "\(end)")
      }
    }
  }

  @Test("prints its plan with --dry-run, and removes nothing", arguments: TestEngine.all)
  func dryRun(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { pod in
        try await pod.running()
        let running = try await pod.untouched()
        try await pod.kill()
        let end = try await site.once("--dry-run")
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.report?.dryRun == true)
        #expect(end.pod(pod.run)?.verdict == "leaked")
        #expect(end.pod(pod.run)?.removed.isEmpty == true)
        #expect(try await pod.untouched() == running)
        let table = try await site.reaper(["--once", "--dry-run"]).output()
        #expect(table.contains("would remove of \(pod.task): \(pod.task)_web"), "\(table)")
        #expect(!FileManager.default.fileExists(atPath: site.journal))
        try await site.once()
      }
    }
  }

  @Test("keeps named volumes with --keep-volumes", arguments: TestEngine.all)
  func keepsVolumes(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { pod in
        try await pod.running()
        try await pod.kill()
        let end = try await site.once("--keep-volumes")
        #expect(end.status == .exited(0), "\(end)")
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(left.volumes.count == 1)
        #expect(left.containers.isEmpty && left.networks.isEmpty && left.cgroups.isEmpty)
        try await site.once()
      }
    }
  }

  @Test("exits with 4 during another pass", arguments: TestEngine.all.prefix(1))
  func locked(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try site.directory.write("run/reaper.lock", "")
      let lock = site.runDirectory + "/reaper.lock"
      let holder = try Command("flock", [lock, "sh", "-c", "echo held; exec sleep 60"]).start()
      defer { holder.send(SIGTERM) }
      try await holder.line(containing: "held")
      let end = try await site.once("--lock-timeout", "200ms")
      #expect(end.status == .exited(4), "\(end)")
      #expect(end.description.contains("another pass is running"))
    }
  }
}

@Suite("Refusals of pod-reaper", .throttled)
struct ReaperRefusalTests {
  private func reaper(
    _ words: [String], in directory: TemporaryDirectory, _ environment: [String: String] = [:]
  ) async throws -> CommandResult {
    try await Command(
      BuiltProgram.podReaper,
      words + ["--run-dir", directory.path("run"), "--state-dir", directory.path("state")],
      environment: ["DOCKER_HOST": "unix://" + directory.path("nobody.sock")]
        .merging(environment) { $1 }
    ).run(within: .seconds(300))
  }

  @Test("without Docker it exits with 3 and names the socket")
  func noDocker() async throws {
    try await withTemporaryDirectory { directory in
      let end = try await reaper(["--once"], in: directory)
      #expect(end.status == .exited(3), "\(end)")
      #expect(end.stderr.contains(directory.path("nobody.sock")), "\(end)")
    }
  }

  @Test(
    "a bad value or an unknown option is named, and it exits with 2",
    arguments: [
      (["--once", "--grace", "soon"], "--grace takes a duration"),
      (["--once", "--interval", "0s"], "--interval must be at least 1s"),
      (["--once", "--parallel", "0"], "--parallel takes a number"),
      (["--once", "--cgroup-roots", "../etc"], "'../etc' is no cgroup"),
      (["--once", "--journal-size", "99999999999g"], "--journal-size takes a size"),
      (["--once", "--metrics", "0.0.0.0:9100"], "127.0.0.1:PORT"),
      (["--once", "--agent-url", "agent"], "agent-url takes"),
      (["--once", "--wat"], "--wat"),
      (["explain"], "container"),
    ])
  func usage(words: [String], message: String) async throws {
    try await withTemporaryDirectory { directory in
      let end = try await reaper(words, in: directory)
      #expect(end.status == .exited(2), "\(end)")
      #expect(end.stderr.contains(message), "\(end)")
    }
  }

  @Test("a bad value in the environment is named by its variable")
  func variable() async throws {
    try await withTemporaryDirectory { directory in
      let end = try await reaper(["--once"], in: directory, ["POD_REAPER_GRACE": "soon"])
      #expect(end.status == .exited(2), "\(end)")
      #expect(end.stderr.contains("POD_REAPER_GRACE takes a duration"), "\(end)")
    }
  }

  @Test("a settings file that everybody can write is refused")
  func worldWritable() async throws {
    try await withTemporaryDirectory { directory in
      let file = try directory.write("reaper.yaml", "grace: 1s\n")
      chmod(file, 0o666)
      let end = try await reaper(["--once", "--config", file], in: directory)
      #expect(end.status == .exited(2), "\(end)")
      #expect(end.stderr.contains("\(file) is writable by others"), "\(end)")
    }
  }

  @Test("an unknown key or a bad value of the settings file is named with its location")
  func unknownKey() async throws {
    try await withTemporaryDirectory { directory in
      let file = try directory.write("reaper.yaml", "grace: 1s\nstop-timout: 5s\n")
      let unknown = try await reaper(["--once", "--config", file], in: directory)
      #expect(unknown.status == .exited(2), "\(unknown)")
      #expect(unknown.stderr.contains("\(file):2:1: unknown setting 'stop-timout'"), "\(unknown)")
      try directory.write("reaper.yaml", "interval: 1m\ngrace: soon\n")
      let bad = try await reaper(["--once", "--config", file], in: directory)
      #expect(bad.status == .exited(2), "\(bad)")
      #expect(bad.stderr.contains("\(file):2:8: grace takes a duration"), "\(bad)")
    }
  }
}
