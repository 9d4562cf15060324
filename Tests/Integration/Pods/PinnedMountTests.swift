import AgentStandIn
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A bind mount under the operator's policy", .throttled)
struct PinnedMountTests {
  /// The mounts of these container IDs in the engine's mount namespace.
  private static func mounts(on engine: TestEngine, of runs: [String]) async throws -> [String] {
    let directory = URL(fileURLWithPath: engine.socket).deletingLastPathComponent().path
    let all = try await Command(
      "sh", ["-c", "nsenter -t \"$(cat \"$1/docker.pid\")\" -m cat /proc/mounts", "sh", directory]
    ).output()
    return all.split(separator: "\n").map(String.init).filter { line in
      runs.contains { line.contains("/run/compose-executor/mounts/\($0)") }
    }
  }

  @Test(
    "never shows a file outside of the sandbox while links replace parts of its path",
    arguments: MesosHost.linux)
  func swapped(on host: MesosHost) async throws {
    // The first service changes the sources of the others' mounts. Docker starts each of the others
    // later.
    let swap =
      "while true; do mv /box/data /box/away; mv /box/link /box/data; mv /box/data /box/link; mv /box/away /box/data; done"
    let readers = (1...8).map { number in
      """
        r\(number):
          image: pod-test/busybox
          command: [cat, /data/file]
          volumes: ["./data:/data"]
          depends_on: [swap]
          restart: on-failure:3
      """
    }
    let file = """
      services:
        swap:
          image: pod-test/busybox
          command: [sh, -c, "\(swap)"]
          volumes: [".:/box"]
          stop_grace_period: 0s
      \(readers.joined(separator: "\n"))
      """
    var runs: [String] = []
    for _ in 1...3 {
      try await withTemporaryDirectory { outside in
        try outside.write("file", "of the outside\n")
        chmod(outside.path, 0o755)
        var settings = MesosSettings(files: [
          "etc/compose-executor.yaml": "allow: {registries: true}\n",
          "data/file": "of the sandbox\n",
        ])
        settings.make = { id, executor in
          .plain(id: id, executor: executor, labels: [("fileName", "compose.yaml")])
        }
        settings.task = { task in
          let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
          task.command =
            "chown 0:0 etc/*; ln -s \(outside.path) link; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
        }
        settings.mayViolate = { _ in true }
        try await withMesosPod(on: host, file, settings) { pod in
          runs.append(pod.run.id)
          // Some are refused, because their path is a link when it is checked; none gets the
          // outside file.
          _ = try? await eventually("readers", within: .seconds(20)) {
            pod.run.text("stdout").contains("of the sandbox")
          }
          pod.kill()
          let end = try await pod.ended()
          let exit = try await pod.exited()
          #expect(exit == .exited(0), "\(exit) \(end) \(pod.run.text("stderr"))")
          let output = pod.run.text("stdout") + pod.run.text("stderr")
          #expect(!output.contains("of the outside"), "\(output)")
        }
      }
    }
    #expect(try await Self.mounts(on: host.engine, of: runs) == [])
  }

  @Test(
    "of a killed executor is removed by pod-reaper, and one of a running executor is kept",
    arguments: TestEngine.all)
  func reaped(on engine: TestEngine) async throws {
    let mount = "mount -t overlay overlay -o lowerdir=$PWD/etc:/etc /etc"
    let settings = PodSettings(
      files: ["etc/compose-executor.yaml": "allow: {registries: true}\n", "data/file": "here"],
      shell: "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \"$@\"' sh \"$@\"")
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "cat /data/file; echo; exec sleep 1000"]
          volumes: ["./data:/data"]
      """
    func mounts(of pod: RunningPod) async throws -> [String] {
      try await Self.mounts(on: engine, of: [pod.run])
    }
    func directories(of pod: RunningPod) -> [String] {
      let all = try? FileManager.default.contentsOfDirectory(atPath: "/run/compose-executor/mounts")
      return (all ?? []).filter { $0.hasPrefix(pod.run) }
    }
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, file, settings) { living in
        try await living.says("here", service: "web")
        try await withPod(on: engine, file, settings) { dead in
          try await dead.says("here", service: "web")
          let (made, named) = (try await mounts(of: dead), directories(of: dead))
          #expect(made.count == 1 && named.count == 1, "\(made) \(named)")
          dead.send(SIGKILL)
          try await dead.executor.exit()
          // The next launch on this engine, such as another test's, can have removed them already.
          _ = try await site.once()
          #expect(try await mounts(of: dead) == [])
          #expect(directories(of: dead) == [])
        }
        #expect(try await mounts(of: living).count == 1 && directories(of: living).count == 1)
      }
    }
  }
}
