import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A container's view of its task", .needsEngine, .throttled)
struct TaskViewTests {
  /// The source of a variable besides the task.
  enum Setter: CaseIterable { case nobody, file, envFile, image }

  /// `GIVEN` and `BOTH` are in the environment of pod-test/furnished; they represent variables that
  /// an image sets.
  private static func service(_ name: String, _ setter: Setter) -> String {
    let keys =
      switch setter {
      case .nobody: ""
      case .file: "environment: {HOST: mine, PORT0: '1'}"
      case .envFile: "env_file: [own.env]"
      case .image: "image: it-task/image"
      }
    return """
        \(name):
          \(setter == .image ? "" : "image: pod-test/busybox")
          \(keys)
          command: [sh, -c, "env | grep -E '^(HOST|PORT0|MESOS_TASK_ID|PORT_)' | sort"]

      """
  }

  /// Each setter with each kind of variables: the file overrides the task, an image doesn't.
  @Test("has the variables that its file doesn't set", arguments: TestEngine.all)
  func variables(on engine: TestEngine) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("Dockerfile", "FROM pod-test/busybox\nENV HOST=image PORT0=2\n")
      try await engine.docker("build", "-q", "-t", "it-task/image", directory.path).output()
    }
    let ports = try FreePorts.take(1)
    for kind in ["none", "mesos", "marathon"] {
      var file = "services:\n"
      for setter in Setter.allCases { file += Self.service("\(setter)".lowercased(), setter) }
      file += "  web: {image: pod-test/busybox, command: ['true'], ports: ['80']}\n"
      var settings = PodSettings(ports: ports, options: ["--task-env", kind])
      settings.files["own.env"] = "HOST=file\nPORT0=3\n"
      settings.environment = ["HOST": "agent7", "MARATHON_APP_ID": "/shop"]
      let end = try await withPod(on: engine, file, settings) { try await $0.ended() }
      #expect(end.status == .exited(0), "\(end)")
      let isOn = kind != "none"
      for setter in Setter.allCases {
        let lines = end.output(of: "\(setter)".lowercased())
        func value(_ name: String) -> String? {
          lines.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        let given: (host: String?, port: String?) =
          switch setter {
          case .nobody: (nil, nil)
          case .file: ("mine", "1")
          case .envFile: ("file", "3")
          case .image: isOn ? (nil, nil) : ("image", "2")
          }
        let subject = "\(kind), set by \(setter): \(lines)"
        #expect(value("HOST") == given.host ?? (isOn ? "agent7" : nil), "\(subject)")
        #expect(value("PORT0") == given.port ?? (isOn ? "\(ports[0])" : nil), "\(subject)")
        #expect((value("MESOS_TASK_ID") != nil) == isOn, "\(subject)")
        #expect(value("PORT_web_80") == (isOn ? "\(ports[0])" : nil), "\(subject)")
      }
    }
  }

  @Test(
    "has task.json, which it can't change, whatever its sandbox and engine",
    arguments: TestEngine.all)
  func file(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          tmpfs: [/run]
          read_only: true
          command:
            - sh
            - -c
            - 'cat /run/pod/task.json; for c in "echo x > /run/pod/task.json" "rm /run/pod/task.json"
              "touch /run/pod/other" "mv /run/pod /run/x" "umount /run/pod" "mount -o remount,rw /run/pod"; do
              sh -c "$$c" 2>/dev/null && echo "done: $$c"; done; echo over; exec sleep 1000'
          stop_signal: SIGKILL
          pre_start: [{command: [cat, /run/pod/task.json], image: pod-test/busybox}]
        shy:
          image: pod-test/busybox
          x-pod: {task_file: false}
          command: [sh, -c, "ls /run/pod; echo none"]
      """
    let settings = PodSettings(
      options: ["--task-file", "true"],
      files: ["run/pod/task.json": "{}", "task.json": "{}"])
    try await withPod(on: engine, file, settings) { pod in
      try await pod.running()
      try await pod.says("over", service: "web")
      let text = pod.output(of: "web").filter { $0 != "over" }.joined(separator: "\n")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
      #expect(object["task_id"] as? String == pod.task && object["version"] as? Int == 1)
      #expect(object["container_id"] as? String == pod.run)
      try await pod.says("none", service: "shy")
      #expect(try await pod.containers()["shy"]?.Mounts.isEmpty == true)
    }
  }

  @Test("needs no permission of the operator")
  func permitted() async throws {
    let host = try #require(MesosHost.linux.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "env; cat /run/pod/task.json"]
      """
    var settings = MesosSettings(files: [
      "etc/compose-executor.yaml": "allow: {registries: true}\n"
    ])
    settings.make = { id, executor in
      .plain(id: id, executor: executor, labels: [("fileName", "compose.yaml")])
    }
    settings.task = { task in
      task.labels += [("pod.task_env", "mesos"), ("pod.task_file", "true")]
      let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      task.command =
        "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
    }
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
      let output = pod.run.text("stdout")
      #expect(output.contains("MESOS_TASK_ID=\(pod.task)"), "\(output)")
      #expect(output.contains(#""task_id" : "\#(pod.task)""#), "\(output)")
      // The agent's own host name.
      let names = pod.agent.events.compactMap { event in
        event["subscribed"]?["agent_info"]?["hostname"]?.string
      }
      #expect(!names.isEmpty && output.contains("HOST=\(names[0])\n"), "\(names) \(output)")
    }
  }
}
