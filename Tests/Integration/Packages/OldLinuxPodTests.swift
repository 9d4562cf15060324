import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A pod on Linux 3.10", .needsEngine, .throttled)
struct OldLinuxPodTests {
  private static let settings = PodSettings(executor: OldLinux.executor)

  @Test("of a sample serves its page from launch to kill", arguments: TestEngine.all)
  func sample(on engine: TestEngine) async throws {
    var settings = Self.settings
    let ports = try FreePorts.take(2)
    settings.ports = ports
    try await Sample.founding.run(on: engine, settings) { pod in
      try await pod.running()
      let text = try await page(at: ports[0], path: "/cgi-bin/index.cgi")
      #expect(text.contains("This page was seen 1 times."), "\(text)")
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLED"])
    }
  }

  @Test("of a sample job runs until it exits", arguments: TestEngine.all)
  func job(on engine: TestEngine) async throws {
    try await Sample.job.run(on: engine, Self.settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      #expect(end.output(of: "report").last == "total 400")
    }
  }

  @Test("is stopped by each signal", arguments: [SIGTERM, SIGINT, SIGHUP])
  func signal(_ signal: Int32) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: founding/base}}"
    try await withPod(on: engine, file, Self.settings) { pod in
      try await pod.running()
      pod.send(signal)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test("runs its hooks, and processes that a hook leaves are killed", arguments: TestEngine.all)
  func hooks(on engine: TestEngine) async throws {
    var settings = Self.settings
    let time = "86414." + UUID().uuidString.filter(\.isWholeNumber)
    for event in ["pre-launch", "running", "post-stop"] {
      let leaves = "setsid sh -c 'sleep \(time) & sleep \(time)' > /dev/null 2>&1 &"
      settings.options += ["--\(event)-hook", "\(leaves) cat > \(event).json"]
    }
    let file = "services: {web: {image: pod-test/busybox, command: [sleep, '0.5']}}"
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      for event in ["pre-launch", "running", "post-stop"] {
        let text = try String(
          contentsOfFile: pod.sandbox.path("\(event).json"), encoding: .utf8)
        #expect(text.contains(#""hook":"\#(event)""#), "\(text)")
      }
      #expect(try await Self.sleepers(time) == 0)
    }
  }

  @Test("has its hook killed together with its executor")
  func orphaned() async throws {
    let engine = try #require(TestEngine.all.first)
    var settings = Self.settings
    let time = "86415." + UUID().uuidString.filter(\.isWholeNumber)
    let hook = "sleep \(time) & setsid sleep \(time) & exec sleep \(time)"
    settings.options = ["--pre-launch-hook", hook, "--hook-timeout", "10m"]
    let file = "services: {web: {image: pod-test/busybox, command: ['true']}}"
    try await withPod(on: engine, file, settings) { pod in
      try await eventually("the hook") { try await Self.sleepers(time) == 3 }
      pod.send(SIGKILL)
      #expect(try await pod.ended().status == .signaled(SIGKILL))
      try await eventually("the end of all that it started") {
        try await Self.sleepers(time) == 0
      }
    }
  }

  /// Linux before 4.2 has these files only if it was built with checkpoint support (CRIU). The
  /// debug build preloads a library that hides them; a static program can't.
  @Test("has the processes that a hook leaves killed if /proc has no `children`")
  func childless() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      try directory.write(
        "hide.c",
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <string.h>
        #include <unistd.h>
        static int (*real)(const char *, int, ...);
        static int hide(const char *path, int flags, unsigned mode) {
          if (real == 0) real = dlsym(RTLD_NEXT, "open");
          size_t length = strlen(path);
          int is_list = length > 9 && strcmp(path + length - 9, "/children") == 0;
          if (!is_list) return real(path, flags, mode);
          close(real("\(directory.path("hidden"))", 0101, 0600)); /* O_WRONLY | O_CREAT */
          errno = ENOENT;
          return -1;
        }
        int open(const char *path, int flags, unsigned mode) { return hide(path, flags, mode); }
        int open64(const char *path, int flags, unsigned mode) { return hide(path, flags, mode); }
        """)
      let library = directory.path("hide.so")
      try await Command(
        Toolchain.clang,
        ["-shared", "-fPIC", "-w", "-o", library, directory.path("hide.c"), "-ldl"]
      ).output()
      var settings = PodSettings(environment: ["LD_PRELOAD": library])
      let time = "86416." + UUID().uuidString.filter(\.isWholeNumber)
      let leaves = "setsid sh -c 'setsid sleep \(time) & exec sleep \(time)' > /dev/null 2>&1 &"
      settings.options = ["--pre-launch-hook", "\(leaves) sleep 0.2"]
      let file = "services: {web: {image: pod-test/busybox, command: ['true']}}"
      try await withPod(on: engine, file, settings) { pod in
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(FileManager.default.fileExists(atPath: directory.path("hidden")))
        #expect(try await Self.sleepers(time) == 0)
      }
    }
  }

  /// The number of `sleep` processes with this time.
  private static func sleepers(_ time: String) async throws -> Int {
    let found = try await Command("pgrep", ["-xf", "sleep \(time)"]).run()
    return found.stdout.split(separator: "\n").count
  }

  @Test("builds the image of a service", arguments: TestEngine.all)
  func build(on engine: TestEngine) async throws {
    var settings = Self.settings
    let word = UUID().uuidString
    settings.files["Dockerfile"] = "FROM pod-test/busybox\nRUN echo \(word) > /word\n"
    settings.options = ["--rmi", "all"]
    let file = "services: {web: {build: ., command: [cat, /word]}}"
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == [word])
    }
  }

  @Test("runs as a task of an agent, from launch to kill", arguments: MesosHost.linux)
  func task(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = { $0.command = "exec \(OldLinux.executor.joined(separator: " "))" }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }
}
