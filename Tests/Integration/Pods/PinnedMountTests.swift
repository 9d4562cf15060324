import AgentStandIn
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Under the operator's policy a bind mount")
struct PinnedMountTests {
  @Test(
    "never shows a file outside of the sandbox while links take the place of its path",
    arguments: MesosHost.linux)
  func swapped(on host: MesosHost) async throws {
    // The first service changes what the others mount, each of which Docker starts a while later.
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
    for _ in 1...3 {
      try await withTemporaryFolder { outside in
        try outside.write("file", "of the outside\n")
        chmod(outside.path, 0o755)
        var settings = MesosSettings(files: [
          "etc/compose-executor.yaml": "allow: {registries: [local]}\n",
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
          // Some are refused, since there is a link when they are looked at; none gets the outside.
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
    let mounts = try await host.engine.inside("cat", "/proc/mounts").output()
    #expect(!mounts.contains("/run/compose-executor/mounts"), "\(mounts)")
  }
}
