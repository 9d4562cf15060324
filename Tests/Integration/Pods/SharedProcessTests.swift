import AgentStandIn
import Foundation
import Reaping
import Testing
import TestSupport

@Suite("One pid namespace for all services", .needsEngine, .throttled)
struct SharedProcessTests {
  @Test("shows the processes of all containers to ps", arguments: TestEngine.all)
  func seen(on engine: TestEngine) async throws {
    let file = """
      services:
        worker:
          image: pod-test/busybox
          command: [sh, -c, "exec sleep 424242"]
          stop_signal: SIGKILL
        watcher:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - 'until ps | grep "sleep 42424[2]" >/dev/null; do sleep 0.1; done; echo seen;
              tr "\\0" "\\n" </proc/1/cmdline; exec sleep 1000'
          stop_signal: SIGKILL
      """
    try await withPod(on: engine, file, PodSettings(options: ["--share", "pid"])) { pod in
      try await pod.running()
      try await pod.says("/pause", service: "watcher")
      #expect(pod.output(of: "watcher") == ["seen", "/pause"])
      // The services have their own networks.
      #expect(try await pod.networks().count == 1)
    }
  }

  @Test("reaps orphans with process 1, and a service's exit stops only its own processes")
  func orphans() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        parent:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - '(setsid sleep $$SHORT &); (setsid sleep $$LONG &);
              until ! ps | grep "sleep 0.[2]" >/dev/null; do sleep 0.1; done;
              echo $$(ps -o stat | grep -c Z) dead; until [ -e /box/stop ]; do sleep 0.05; done'
          # Not in the command, which ps shows.
          environment: {SHORT: "0.2", LONG: "434343"}
          volumes: [".:/box"]
        stays:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - 'until [ -e /box/stop ]; do sleep 0.05; done;
              until ! ps | grep "sleep 43434[3]" >/dev/null; do sleep 0.1; done; echo alone'
          volumes: [".:/box"]
      """
    try await withPod(on: engine, file, PodSettings(options: ["--share", "net,pid"])) { pod in
      try await pod.running()
      try await pod.says("0 dead", service: "parent")
      try pod.sandbox.write("stop", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "stays") == ["alone"])
    }
  }

  @Test(
    "has an infrastructure container that the reaper removes after a killed executor",
    arguments: TestEngine.all)
  func reaped(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let file = "services:\n  web: {image: founding/base}\n  other: {image: founding/base}\n"
      try await withPod(on: engine, file, PodSettings(options: ["--share", "net,pid"])) { pod in
        try await pod.running()
        try await pod.kill()
        #expect(try await pod.services() == ["infra", "other", "web"])
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.run)?.removed["containers"]?.count == 3, "\(end)")
        try await expectNothingLeft(of: pod)
      }
    }
  }

  @Test(
    "is requested by a label, and an unknown label is reported", arguments: MesosHost.linux
  )
  func label(on host: MesosHost) async throws {
    let file = "services:\n  web: {image: founding/base}\n  other: {image: founding/base}\n"
    var settings = MesosSettings()
    settings.task = { $0.labels = [("pod.share", "net, pid"), ("pod.shrae", "net")] }
    try await withMesosPod(on: host, file, settings) { pod in
      try await pod.running()
      let names = try await host.engine.docker(
        "ps", "--filter", "label=mesos.container_id=\(pod.run.id)", "--format",
        "{{.Label \"com.docker.compose.service\"}}"
      ).output()
      #expect(Set(names.split(separator: "\n")) == ["infra", "web", "other"])
      #expect(pod.run.text("stderr").contains("label pod.shrae isn't an option of a pod"))
      pod.kill(grace: .zero)
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  @Test("is configured by files of an earlier executor too", arguments: MesosHost.linux)
  func migrated(on host: MesosHost) async throws {
    let file = """
      services:
        web: {image: founding/base, volumes: ["data:/data"]}
        other: {image: founding/base}
      volumes: {data: {}}
      """
    var settings = MesosSettings(files: [
      "config.yaml": "launchtask: {timeout: 100s}\ncleanpod: {timeout: 1s, unhealthy: false}\n",
      "general.yaml": "infracontainer: {image: x/y, networks: {pre_existing: false}}\n",
    ])
    settings.task = { $0.labels = [("config.cleanpod.cleanimageonmesoskill", "false")] }
    try await withMesosPod(on: host, file, settings) { pod in
      try await pod.running()
      #expect(try await pod.containers().count == 3)
      let said = pod.run.text("stderr")
      #expect(
        said.contains("cleanpod.timeout: 1s (config.yaml:2:21) is read as grace 1s"), "\(said)")
      #expect(said.contains("an unhealthy container fails its pod"), "\(said)")
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }
}
