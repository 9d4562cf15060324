import Foundation
import TestSupport
import Testing

@Suite("The operator's defaults for each container", .needsEngine, .throttled)
struct OperatorDefaultsPodTests {
  /// A host with deploy/defaults.yaml as its settings file.
  private static func settings() throws -> PodSettings {
    PodSettings(
      files: [
        "etc/compose-executor.yaml": try SourceTree.text("deploy/defaults.yaml"),
        "data/file": "of the sandbox\n",
      ],
      shell:
        "chown 0:0 etc/*; exec unshare -m sh -c 'mount -t overlay overlay -o lowerdir=$PWD/etc:/etc /etc && exec \"$@\"' sh \"$@\""
    )
  }

  /// In each container, including `pre_start` containers. `allow` restricts tasks, not the
  /// operator.
  @Test("apply even if the policy permits none of them to files", arguments: TestEngine.all)
  func given(on engine: TestEngine) async throws {
    let script =
      "echo $REGION $OWNER $http_proxy; ulimit -n; ulimit -Hn; ulimit -c; df -k /dev/shm | tail -n 1; cat /etc/resolv.conf /data/file /proc/1/comm"
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "\(script); exec sleep 1000"]
          volumes: ["./data:/data"]
          environment: {OWNER: file}
          stop_grace_period: 30s
          pre_start:
            - command: [sh, -c, "echo before $REGION; ulimit -Hn; cat /proc/1/comm"]
              image: pod-test/busybox
      """
    try await withPod(on: engine, file.replacing("$", with: "$$"), try Self.settings()) { pod in
      try await pod.says("of the sandbox", service: "web")
      let output = try await eventually("the output") {
        let text = pod.executor.lines(.stdout).joined(separator: "\n")
        return text.contains("docker-init") ? text : nil
      }
      #expect(output.contains("north file http://proxy.example.org:3128"), "\(output)")
      #expect(output.contains("before north"), "\(output)")
      for word in ["nameserver", "search example.org", "ndots:1"] {
        #expect(output.contains(word), "\(output)")
      }
      let format =
        "{{.HostConfig.Init}} {{.HostConfig.ShmSize}} {{.Config.StopSignal}} {{index .Config.Labels \"team\"}} {{.HostConfig.Dns}} {{range .HostConfig.Ulimits}}{{.Name}}={{.Soft}}:{{.Hard}} {{end}}{{.HostConfig.Binds}} {{.HostConfig.PidsLimit}}"
      let shown = try await engine.docker(
        "inspect", "--format", format, "\(pod.task)_web"
      ).output()
      #expect(
        shown.hasPrefix("true 1048576 SIGINT web [10.1.2.3] core=0:0 nofile=100:200 ["),
        "\(shown)")
      #expect(shown.contains(":/data:rw,z"), "\(shown)")
      // An engine ignores a limit whose controller its host lacks.
      #expect(shown.hasSuffix(" 50") || !engine.has("pids"), "\(shown)")
    }
  }

  @Test(
    "refuse a file with a weaker value of an enforced key, before any object is created",
    arguments: [
      ("pids_limit: 51", "compose.yaml:4:5: pids_limit 51 is not allowed on this host: at most 50"),
      ("shm_size: 2m", "compose.yaml:4:5: shm_size 2097152 is not allowed on this host"),
      (
        "ulimits: {nofile: 201}",
        "compose.yaml:4:15: ulimits nofile 201:201 is not allowed on this host: at most 100:200"
      ),
    ])
  func refused(key: String, message: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services:\n  web:\n    image: pod-test/busybox\n    \(key)\n"
    try await withPod(on: engine, file, try Self.settings()) { pod in
      let end = try await pod.ended()
      #expect(end.message.contains(message), "\(end)")
      let made = try await engine.docker(
        "ps", "--all", "--quiet", "--filter", "label=mesos.task_id=\(pod.task)"
      ).output()
      #expect(made.isEmpty)
    }
  }

  /// The operator's file permits the limit itself; `enforce` concerns files that may set one.
  @Test("permit a stricter value")
  func stricter() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sleep, "1000"]
          pids_limit: 20
          shm_size: 512k
          stop_grace_period: 0s
      """
    try await withPod(on: engine, file, try Self.settings()) { pod in
      try await pod.running()
      let shown = try await engine.docker(
        "inspect", "--format", "{{.HostConfig.ShmSize}} {{.HostConfig.PidsLimit}}",
        "\(pod.task)_web"
      ).output()
      #expect(shown == "524288 20" || !engine.has("pids"), "\(shown)")
    }
  }
}
