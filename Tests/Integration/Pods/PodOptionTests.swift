import Foundation
import Reaping
import Testing
import TestSupport

@Suite("Options for the stop of a pod", .needsEngine, .throttled)
struct PodOptionTests {
  @Test("a service that exits with 0 fails a pod of type service", arguments: TestEngine.all)
  func service(on engine: TestEngine) async throws {
    let file = """
      services:
        prepare: {image: pod-test/busybox, command: ["true"], scale: 2}
        web:
          image: pod-test/busybox
          command: [sh, -c, 'until [ -e /box/stop ]; do sleep 0.05; done']
          volumes: [".:/box"]
          depends_on: {prepare: {condition: service_completed_successfully}}
        stays: {image: founding/base}
      """
    try await withPod(on: engine, file, PodSettings(options: ["--type", "service"])) { pod in
      // A service that only prepares others may exit.
      try await pod.running()
      try pod.sandbox.write("stop", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(1) && end.states.last == "TASK_FAILED")
      #expect(end.message.hasPrefix("service 'web' exited with 0"), "\(end)")
    }
  }

  @Test("an exit 0 finishes a pod of type job, whatever the operator's default")
  func job() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services:\n  web: {image: pod-test/busybox, command: [\"true\"]}\n"
    for settings in [
      PodSettings(), PodSettings(options: ["--type", "job"]),
      PodSettings(
        options: ["--type", "job"], environment: ["COMPOSE_EXECUTOR_TYPE": "service"]),
    ] {
      let end = try await podEnd(on: engine, file, settings)
      #expect(end.status == .exited(0), "\(end)")
    }
    let end = try await podEnd(
      on: engine, file, PodSettings(environment: ["COMPOSE_EXECUTOR_TYPE": "service"]))
    #expect(end.states.last == "TASK_FAILED", "\(end)")
  }

  @Test(
    "kept volumes remain, whether executor or reaper cleans up; other objects are removed",
    arguments: TestEngine.all)
  func volumes(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "echo kept >/data/file; exec sleep 1000"]
          volumes: ["data:/data", /scratch]
          stop_signal: SIGKILL
      volumes: {data: {}}
      """
    try await withReaperSite(on: engine) { site in
      for isReaped in [false, true] {
        try await withTemporaryDirectory { directory in
          let run = UUID().uuidString.lowercased()
          try directory.write("compose.yaml", file)
          let executor = try Command(
            BuiltProgram.composeExecutor,
            ["run", "--run-id", run, "--task-id", "keep-\(run.prefix(8))", "--keep-volumes"],
            environment: ["DOCKER_HOST": engine.dockerHost], directory: directory.path
          ).start()
          try await executor.line("running", within: .seconds(180)) { $0.contains("TASK_RUNNING") }
          let running = try await Leftovers.of(run: run, on: engine)
          executor.send(isReaped ? SIGKILL : SIGTERM)
          try await executor.exit(within: .seconds(180))
          if isReaped { #expect(try await site.once().status == .exited(0)) }
          let left = try await Leftovers.of(run: run, on: engine)
          #expect(left.volumes == running.volumes && left.volumes.count == 1)
          #expect(left.containers.isEmpty && left.networks.isEmpty && left.cgroups.isEmpty)
          let text = try await engine.docker(
            "run", "--rm", "--network", "none", "-v", "\(left.volumes[0]):/data",
            "pod-test/busybox", "cat", "/data/file"
          ).output()
          #expect(text == "kept")
          // The reaper doesn't handle them.
          let again = try await site.once()
          #expect(again.status == .exited(0) && again.pod(run) == nil, "\(again)")
          try await left.remove(from: engine)
        }
      }
    }
  }

  @Test("images are removed with the last container that uses them")
  func images() async throws {
    let engine = try #require(TestEngine.all.last)
    let mark = UUID().uuidString.prefix(8).lowercased()
    let (alone, shared) = ("it-alone-\(mark):1", "it-shared-\(mark):1")
    for (name, label) in [(alone, "a"), (shared, "b")] {
      var build = engine.docker("build", "-q", "-t", name, "-")
      build.input = "FROM pod-test/busybox\nLABEL it=\(label)\(mark)\n"
      try await build.output()
    }
    let file = """
      services:
        one: {image: "\(alone)", command: [sleep, "1000"], stop_signal: SIGKILL}
        two: {image: "\(shared)", command: [sleep, "1000"], stop_signal: SIGKILL}
      """
    func isThere(_ image: String) async throws -> Bool {
      try await engine.docker("image", "inspect", image).run().status.isSuccess
    }
    try await engine.docker("run", "-d", "--name", "it-user-\(mark)", shared, "sleep", "1000")
      .output()
    try await withPod(on: engine, file, PodSettings(options: ["--rmi", "all"])) { pod in
      try await pod.running()
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_KILLED")
      // The image that another container uses is kept without a message.
      #expect(!end.stderr.contains { $0.contains("can't be removed") }, "\(end)")
    }
    #expect(try await !isThere(alone))
    #expect(try await isThere(shared))
    try await engine.docker("rm", "-f", "it-user-\(mark)").output()
    // Without the option it is kept; with `--rmi local` too, because it has a name.
    let other = "services:\n  two: {image: \"\(shared)\", command: [\"true\"]}\n"
    for options in [[], ["--rmi", "local"]] {
      #expect(
        try await podEnd(on: engine, other, PodSettings(options: options)).status == .exited(0))
      #expect(try await isThere(shared))
    }
    try await engine.docker("rmi", shared).output()
  }

  @Test("rmi all keeps images that have meanwhile got a name of the pod's image")
  func renamedImage() async throws {
    let engine = try #require(TestEngine.all.first)
    let mark = UUID().uuidString.prefix(8).lowercased()
    let (named, other) = ("it-named-\(mark):1", "it-other-\(mark):1")
    var build = engine.docker("build", "-q", "-t", other, "-")
    build.input = "FROM pod-test/busybox\nLABEL it=\(mark)-other\n"
    try await build.output()
    func images(_ label: String) async throws -> [Substring] {
      try await engine.docker("images", "-q", "--filter", "label=it=\(mark)-\(label)").output()
        .split(separator: "\n")
    }
    // Built, so that the pod is its origin. The same applies after a crash: pod-reaper uses the
    // label of the dead executor.
    let file = """
      services:
        web: {image: "\(named)", build: {dockerfile_inline: "FROM pod-test/busybox\\nLABEL it=\(mark)-own\\nCMD sleep 1000"}, init: true}
      """
    for isCrash in [false, true] {
      try await withReaperSite(on: engine) { site in
        try await withPod(on: engine, file, PodSettings(options: ["--rmi", "all"])) { pod in
          try await pod.running()
          try await engine.docker("tag", other, named).output()
          if isCrash {
            try await pod.kill()
            #expect(try await site.once().status == .exited(0))
          } else {
            pod.send(SIGTERM)
            #expect(try await pod.ended().states.last == "TASK_KILLED")
            #expect(try await images("own").isEmpty, "it is the pod's own, and has no name")
          }
        }
      }
      // The other image has both names.
      #expect(try await engine.docker("image", "inspect", named, other).run().status.isSuccess)
      try await engine.docker("rmi", named).output()
    }
    for left in try await images("own") + images("other") {
      try await engine.docker("rmi", "-f", String(left)).output()
    }
  }

  @Test("rmi local removes built images without their own name")
  func builtImages() async throws {
    let engine = try #require(TestEngine.all.first)
    let mark = UUID().uuidString.prefix(8).lowercased()
    let file = """
      services:
        nameless: {build: {dockerfile_inline: "FROM pod-test/busybox\\nLABEL it=\(mark)-a\\nCMD true"}}
        named: {image: "it-named-\(mark)", build: {dockerfile_inline: "FROM pod-test/busybox\\nLABEL it=\(mark)-b\\nCMD true"}}
      """
    let end = try await podEnd(on: engine, file, PodSettings(options: ["--rmi", "local"]))
    #expect(end.status == .exited(0), "\(end)")
    func images(_ label: String) async throws -> String {
      try await engine.docker("images", "-q", "--filter", "label=it=\(mark)-\(label)").output()
    }
    #expect(try await images("a").isEmpty)
    #expect(try await !images("b").isEmpty)
    try await engine.docker("rmi", "it-named-\(mark)").output()
  }
}
