import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task under the operator's defaults", .throttled)
struct DefaultsTaskTests {
  @Test(
    "applies its memory to each container without a limit if the operator configures it",
    arguments: MesosHost.linux, [true, false])
  func memory(on host: MesosHost, isGiven: Bool) async throws {
    var settings = MesosSettings(files: [
      "etc/compose-executor.yaml": "defaults: {memory-limit: \(isGiven ? "task" : "none")}\n"
    ])
    settings.make = { id, executor in
      .plain(id: id, executor: executor, labels: [("fileName", "compose.yaml")])
    }
    settings.task = { task in
      task.memory = 96
      let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      task.command =
        "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
    }
    let file = """
      services:
        web: {image: pod-test/busybox, command: [sleep, "1000"], stop_grace_period: 0s}
        own: {image: pod-test/busybox, command: [sleep, "1000"], stop_grace_period: 0s, mem_limit: 16m}
      """
    try await withMesosPod(on: host, file, settings) { pod in
      _ = try await pod.running()
      func limits(_ service: String) async throws -> String {
        let id = try await host.engine.docker(
          "ps", "--all", "--quiet", "--filter", "label=mesos.task_id=\(pod.task)", "--filter",
          "label=com.docker.compose.service=\(service)"
        ).output()
        return try await host.engine.docker(
          "inspect", "--format", "{{.HostConfig.Memory}}", id
        ).output()
      }
      // An engine ignores a limit whose controller its host lacks.
      let hasController = host.engine.has("memory")
      #expect(try await limits("own") == (hasController ? "16777216" : "0"))
      // The task's 96 MB; the executor's own memory is not the pod's.
      #expect(try await limits("web") == (isGiven && hasController ? "100663296" : "0"))
      pod.kill()
      _ = try await pod.ended()
    }
  }
}
