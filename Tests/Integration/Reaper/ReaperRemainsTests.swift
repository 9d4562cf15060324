import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Images of a pod whose executor was killed", .needsEngine, .throttled)
struct ReaperImageTests {
  private static let one = TestEngine.all.prefix(1)

  /// Whether the engine has an image of that name or ID.
  private func has(_ image: String, _ engine: TestEngine) async throws -> Bool {
    try await engine.docker("image", "inspect", image).run().status == .exited(0)
  }

  private func tagged(_ name: String, on engine: TestEngine) async throws {
    try await engine.docker("tag", "pod-test/busybox", name).output()
  }

  @Test(
    "are removed with it as requested: `local` those without a name, `all` also those with one",
    arguments: ["local", "all", "none"])
  func removed(_ option: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let id = UUID().uuidString.prefix(8).lowercased()
    let (named, hook) = ("reaper-it/named-\(id)", "reaper-it/hook-\(id)")
    // An image can't extend the list by its own label.
    let kept = "reaper-it/kept-\(id)"
    let file = """
      services:
        built:
          build: built
          command: ["sleep", "1000"]
        named:
          image: \(named)
          command: ["sleep", "1000"]
          pre_start: [{image: \(hook), command: ["true"]}]
      """
    let recipe = [
      "built/Dockerfile":
        "FROM pod-test/busybox\nRUN echo \(id) > /made\nLABEL mesos.remove_images=\(kept)\n"
    ]
    try await withReaperSite(on: engine) { site in
      try await tagged(named, on: engine)
      try await tagged(hook, on: engine)
      try await tagged(kept, on: engine)
      let settings = PodSettings(options: ["--rmi", option], files: recipe)
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        let format = ["inspect", "--format", "{{.Image}}"]
        let built = try await engine.docker(format + ["\(pod.task)_built"]).output()
        try await pod.kill()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(try await Leftovers.of(run: pod.run, on: engine).isEmpty)
        #expect(try await has(built, engine) == (option == "none"))
        #expect(try await has(named, engine) == (option != "all"))
        #expect(try await has(hook, engine) == (option != "all"))
        #expect(try await has("pod-test/busybox", engine))
        #expect(try await has(kept, engine))
        let wanted = ["local": 1, "all": 3, "none": 0]
        #expect(end.pod(pod.run)?.removed["images"]?.count ?? 0 == wanted[option], "\(end)")
        for image in [built, named, hook, kept] { try await engine.docker("rmi", image).run() }
      }
    }
  }

  @Test("are kept while another container uses them, without an error")
  func used() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "reaper-it/used-\(UUID().uuidString.prefix(8).lowercased())"
    try await withReaperSite(on: engine) { site in
      // It has its own layers: it can't be removed just by removing one of several names.
      let recipe = "FROM pod-test/busybox\nRUN echo \(name) > /made\n"
      try await withTemporaryDirectory { directory in
        try directory.write("Dockerfile", recipe)
        try await engine.docker("build", "-q", "-t", name, directory.path).output()
      }
      let user = try await engine.docker("create", name, "true").output()
      var identity = PodIdentity.forged().labels
      identity["mesos.remove_images"] = "\(name) reaper-it/not-there"
      let pod = try #require(PodIdentity(labels: identity))
      try await withForged([pod], on: engine) { pods in
        try await pods[0].container(labels: identity)
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(try await pods[0].left().isEmpty)
        #expect(try await has(name, engine))
      }
      try await engine.docker("rm", user).output()
      try await engine.docker("rmi", name).output()
    }
  }

  @Test("are removed by a later pass if the one that removed the last container was interrupted")
  func owed() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "reaper-it/owed-\(UUID().uuidString.prefix(8).lowercased())"
    try await withReaperSite(on: engine) { site in
      try await tagged(name, on: engine)
      var labels = PodIdentity.forged().labels
      labels["mesos.remove_images"] = name
      let pod = try #require(PodIdentity(labels: labels))
      try await withForged([pod], on: engine) { pods in
        try await pods[0].container(labels: labels)
        try await EngineHold.with(engine, holding: "DELETE /images/") { hold in
          var reaper = site.reaper(["--once"])
          reaper.environment["DOCKER_HOST"] = hold.dockerHost
          let process = try reaper.start()
          try await hold.isHeld()
          process.send(SIGKILL)
          try await process.exit()
        }
        #expect(try await pods[0].left().isEmpty)
        #expect(try await has(name, engine))
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(try await !has(name, engine))
        let owed = try String(
          contentsOfFile: site.directory.path("state/images.json"), encoding: .utf8)
        #expect(owed == "[]")
      }
    }
  }
}

@Suite("A leaked pod in a frozen cgroup", .needsEngine)
struct ReaperFrozenTests {
  /// Freezes one cgroup. Returns its file.
  private func freeze(_ path: String, _ engine: TestEngine) throws -> String {
    if engine.cgroups == .v2 {
      let file = try #require(try Hierarchy.unifiedRoot()) + path + "/cgroup.freeze"
      try "1".write(toFile: file, atomically: false, encoding: .utf8)
      return file
    }
    let file = try #require(try Hierarchy.root(of: "freezer")) + path + "/freezer.state"
    try "FROZEN".write(toFile: file, atomically: false, encoding: .utf8)
    return file
  }

  private func isFrozen(_ file: String) throws -> Bool {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    return text.hasPrefix("FR") || text.hasPrefix("1")
  }

  @Test("is thawed and removed, below an agent's root and our own", arguments: TestEngine.all)
  func thawed(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let cgroup = try MesosCgroup(engine.cgroups)
      defer { try? cgroup.remove() }
      for settings in [PodSettings(), cgroup.settings] {
        try await withPod(on: engine, smallPod, settings) { pod in
          try await pod.running()
          let parent = try await engine.docker(
            "inspect", "--format", "{{.HostConfig.CgroupParent}}", "\(pod.task)_web"
          ).output()
          try await pod.kill()
          let file = try freeze(parent, engine)
          let end = try await site.once("--removal-timeout", "20s")
          #expect(end.status == .exited(0), "\(end)")
          let left = try await Leftovers.of(run: pod.run, on: engine)
          #expect(left.isEmpty, "\(left)")
          if FileManager.default.fileExists(atPath: file) { #expect(try !isFrozen(file)) }
        }
      }
    }
  }

  @Test(
    "is thawed alone: not a neighbor's cgroup, and not one that a running pod shares",
    arguments: TestEngine.all)
  func others(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // Two tasks of one run: one is alive, and its cgroup is also the dead one's.
      let run = UUID().uuidString.lowercased()
      let dead = PodIdentity.forged(run: run)
      var living = PodIdentity.forged(by: .current(), run: run)
      living.taskID += "-living"
      // A label that names another pod's cgroup.
      let neighbour = PodIdentity.forged(by: .current())
      var liar = PodIdentity.forged()
      liar.cgroupParent = neighbour.cgroupParent
      try await withForged([dead, living, neighbour, liar], on: engine) { pods in
        var files: [String] = []
        for pod in [pods[1], pods[2]] {
          let parent = pod.identity.cgroupParent
          try await pod.container(image: "pod-test/busybox", starts: true) {
            $0.cmd = ["sleep", "1000"]
            $0.hostConfig?.cgroupParent = parent
          }
          files.append(try freeze(parent, engine))
        }
        try await pods[0].container()
        try await pods[3].container()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(run)?.task != nil)
        #expect(try await pods[3].left().containers.isEmpty)
        for file in files {
          #expect(try isFrozen(file), "\(file)")
          let free = engine.cgroups == .v2 ? "0" : "THAWED"
          try free.write(toFile: file, atomically: false, encoding: .utf8)
        }
      }
    }
  }
}

@Suite("A network with endpoints of containers that don't exist", .needsEngine, .throttled)
struct ReaperEndpointTests {
  @Test("is removed after its pod's containers, and not before the last real one leaves it")
  func removed() async throws {
    try await OwnEngine.with(.v1) { own in
      let engine = own.engine
      try await withReaperSite(on: engine) { site in
        try await withPod(on: engine, smallPod) { pod in
          try await pod.running()
          let network = try #require(try await pod.networks().first).Name
          let stranger = try await engine.docker(
            "run", "-d", "--network", network, "founding/base"
          ).output()
          try await pod.kill()
          try await own.leaveEndpoint(of: "\(pod.task)_web")
          let refusal = try await engine.docker("network", "rm", network).run()
          #expect(refusal.stderr.contains("has active endpoints"), "\(refusal)")
          // The foreign endpoint is kept, and so is the network.
          var end = try await site.once("--removal-timeout", "1s")
          #expect(end.status == .exited(1), "\(end)")
          #expect(end.pod(pod.run)?.failed.map(\.kind) == ["networks"], "\(end)")
          let format = [
            "network", "inspect", "--format", "{{range $k, $v := .Containers}}{{$k}} {{end}}",
          ]
          let members = try await engine.docker(format + [network]).output()
          #expect(members.trimmingCharacters(in: .whitespaces) == stranger)
          try await engine.docker("rm", "-f", stranger).output()
          end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(try await Leftovers.of(run: pod.run, on: engine).networks.isEmpty)
        }
        // Without a foreign container, the first pass removes it.
        try await withPod(on: engine, smallPod) { pod in
          try await pod.running()
          try await pod.kill()
          try await own.leaveEndpoint(of: "\(pod.task)_web")
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(pod.run)?.removed["endpoints"] == ["\(pod.task)_web"], "\(end)")
          #expect(try await Leftovers.of(run: pod.run, on: engine).isEmpty)
        }
      }
    }
  }
}
