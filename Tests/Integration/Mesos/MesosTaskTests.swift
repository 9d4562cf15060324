import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task as a framework creates it", .needsEngine, .throttled)
struct MesosTaskTests {
  /// Serves three pages that contain their container port.
  private static let pages = """
    services:
      web:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'for p in 80 81 82; do mkdir -p /w/$$p; echo "$$p of ${NAME}" > /w/$$p/index.html;
            httpd -p $$p -h /w/$$p; done; exec sleep 100000'
        ports: ["80:80", "81:81", "82:82"]
        stop_signal: SIGKILL
    """

  private func expectPages(_ ports: [Int], of name: String, _ pod: MesosPod) async throws {
    let running = try await pod.running()
    let mappings = running.containerStatus?["network_infos"]?.array?.first?["port_mappings"]?.array
    #expect(mappings?.compactMap { $0["host_port"]?.integer } == ports.map(Int64.init))
    #expect(mappings?.compactMap { $0["container_port"]?.integer } == [80, 81, 82])
    for (port, inner) in zip(ports, [80, 81, 82]) {
      #expect(try await page(at: port) == "\(inner) of \(name)\n")
    }
    pod.kill()
    #expect(try await pod.ended().state == "TASK_KILLED")
    #expect(try await pod.exited() == .exited(0))
  }

  /// Marathon 1.11, TaskBuilder.scala and EnvironmentHelper.scala.
  @Test(
    "by Marathon has the ports in Marathon's order, its variables and its labels",
    arguments: MesosHost.linux, [true, false])
  func marathon(on host: MesosHost, isOld: Bool) async throws {
    let ports = try FreePorts.unsorted()
    var settings = MesosSettings(files: ["app/web.yaml": Self.pages])
    settings.make = { id, executor in
      .marathon(
        app: "/demo/web", id: id, executor: executor, ports: ports,
        labels: [("fileName", "app/web.yaml"), ("team", "blue")], killGrace: .seconds(1),
        oldExecutorID: isOld)
    }
    settings.task = { $0.executorEnvironment["NAME"] = "marathon" }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await pod.running()
      let container = try #require(try await pod.containers().first)
      let labels = try await host.engine.docker(
        "inspect", "--format", "{{json .Config.Labels}}", container
      ).output()
      #expect(labels.contains(#""team":"blue""#) && labels.contains(#""taskId":"\#(pod.task)""#))
      try await expectPages(ports, of: "marathon", pod)
    }
  }

  /// Aurora 0.23, MesosTaskFactory.java.
  @Test("by Aurora has its files from the label with Aurora's prefix", arguments: MesosHost.linux)
  func aurora(on host: MesosHost) async throws {
    let ports = try FreePorts.unsorted()
    var settings = MesosSettings(
      files: ["web.yaml": Self.pages.replacingOccurrences(of: "${NAME}", with: "aurora")])
    settings.make = { id, executor in
      .aurora(
        id: id, command: "exec '\(executor)'", ports: ports, metadata: [("fileName", "web.yaml")])
    }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      try await expectPages(ports, of: "aurora", pod)
    }
  }

  /// Reasons for refusing a task, and a part of its message.
  static let refusals: [(file: String, words: [String])] = [
    (
      "services:\n  web:\n    image: founding/base\n    cpus: 2\n",
      ["compose.yaml:4", "'web'", "2", "0.5"]
    ),
    (
      "services:\n  web:\n    image: founding/base\n    mem_limit: 1g\n",
      ["compose.yaml:4", "'web'", "1073741824", "134217728"]
    ),
    (
      "services:\n  web:\n    image: founding/base\n    ports: [\"80:80\", \"81:81\"]\n",
      ["2", "1"]
    ),
    ("services:\n  web:\n    imagee: founding/base\n", ["compose.yaml:3", "imagee"]),
  ]

  /// docs/executor-http-api.md, "UPDATE";
  /// src/slave/containerizer/mesos/isolators/cgroups/subsystems/cpu.cpp, `update`.
  @Test(
    "that requests more than it has is refused with line and figures", arguments: MesosHost.both,
    refusals.indices)
  func refused(on host: MesosHost, index: Int) async throws {
    let refusal = Self.refusals[index]
    var settings = MesosSettings()
    settings.task = { $0.ports = [31999] }
    try await withMesosPod(on: host, refusal.file, settings) { pod in
      let end = try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_FAILED"])
      let message = end.message ?? ""
      #expect(refusal.words.allSatisfy { message.contains($0) }, "\(message)")
      #expect(!message.contains("\n"))
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// The operator's file, as deploy/compose-executor.yaml describes it.
  @Test("is refused a feature that the operator's file forbids", arguments: MesosHost.linux)
  func policy(on host: MesosHost) async throws {
    let file = "services:\n  web:\n    image: founding/base\n    privileged: true\n"
    var settings = MesosSettings(files: [
      "etc/compose-executor.yaml": "allow: {bind-mounts: [/srv]}\n"
    ])
    // Only the executor sees an /etc with that file; the test never touches the file of the
    // machine.
    settings.make = { id, executor in
      .plain(id: id, executor: executor, labels: [("fileName", "compose.yaml")])
    }
    settings.task = { task in
      let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      task.command =
        "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
    }
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
      let message = end.message ?? ""
      #expect(message.contains("compose.yaml:4") && message.contains("privileged"), "\(message)")
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// src/slave/containerizer/mesos/isolators/cgroups/subsystems/devices.cpp,
  /// `DEFAULT_WHITELIST_ENTRIES`: /dev/null is allowed, and no device is by itself.
  @Test(
    "has a message with the device or privilege that is forbidden", .needs("devices", on: .v1),
    arguments: [
      ("devices: [\"/dev/loop0:/dev/disk\"]", "device /dev/loop0 of service 'odd'"),
      ("privileged: true", "'privileged' of service 'odd'"),
      ("devices: [\"/dev/null:/dev/nothing\"]", ""),
    ])
  func devices(asks: String, words: String) async throws {
    let host = try #require(TestEngine.v1.map { MesosHost($0) })
    var settings = MesosSettings()
    settings.launch = { $0.devices = LaunchOptions.defaultDevices }
    let image = "image: pod-test/busybox\n    command: [\"true\"]"
    let file = "services:\n  plain:\n    \(image)\n  odd:\n    \(image)\n    \(asks)\n"
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      if words.isEmpty {
        #expect(end.state == "TASK_FINISHED", "\(end)")
      } else {
        let message = end.message ?? ""
        #expect(end.state == "TASK_FAILED")
        #expect(message.contains("compose.yaml:8:") && message.contains(words), "\(message)")
        #expect(message.contains("forbidden by the devices cgroup of the task"), "\(message)")
      }
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/docker-containerizer.md, "Private Docker Repository": `.docker/config.json` is
  /// among the URIs.
  @Test("pulls with the credentials in its sandbox", arguments: MesosHost.both)
  func credentials(on host: MesosHost) async throws {
    try await Registry.lend(isPrivate: true) { registry in
      let image = try await registry.image(on: host.engine)
      let file = "services:\n  web:\n    image: \(image)\n    command: [\"true\"]\n"
      try await withMesosPod(on: host, file) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FAILED" && end.message?.contains(image) == true)
      }
      // The Compose file is in a directory, as a tarball creates it; the credentials are at the top
      // of the sandbox.
      var settings = MesosSettings(files: [
        ".docker/config.json": registry.credentials, "app/web.yaml": file,
      ])
      settings.task = { $0.labels = [("fileName", "app/web.yaml")] }
      try await withMesosPod(on: host, "services: {}", settings) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FINISHED")
      }
      try await host.engine.docker("rmi", image).output()
    }
  }

  /// Locations and kinds of credentials outside the sandbox: the variable that the command sets,
  /// the file, its key.
  static let otherCredentials = [
    ("DOCKER_CONFIG=$PWD/other", "other/config.json", "auths"),
    ("HOME=$PWD/home", "home/.docker/config.json", "auths"),
    ("PATH=$PWD/bin:$PATH", ".docker/config.json", "credHelpers"),
    ("PATH=$PWD/bin:$PATH", ".docker/config.json", "credsStore"),
  ]

  @Test(
    "pulls with the credentials of DOCKER_CONFIG, HOME and helpers", .needsEngine,
    arguments: otherCredentials.indices)
  func credentials(of index: Int) async throws {
    let host = try #require(MesosHost.ordinary.first)
    let (variable, location, kind) = Self.otherCredentials[index]
    try await Registry.lend(isPrivate: true) { registry in
      let image = try await registry.image(on: host.engine)
      var settings = MesosSettings()
      settings.files[location] =
        switch kind {
        case "credHelpers": #"{"credHelpers": {"\#(registry.address)": "test"}}"#
        case "credsStore": #"{"credsStore": "test"}"#
        default: registry.credentials
        }
      // Copied by the task, because what this process writes can be busy during a fork (ETXTBSY).
      settings.files["bin/helper.sh"] = """
        #!/bin/sh
        read -r server
        echo "{\\"ServerURL\\": \\"$server\\", \\"Username\\": \\"\(Registry.user)\\", \\"Secret\\": \\"\(Registry.password)\\"}"
        """
      settings.task = {
        let install = "install bin/helper.sh bin/docker-credential-test"
        $0.command = "\(install); export \(variable); \($0.command)"
      }
      let file = "services:\n  web:\n    image: \(image)\n    command: [\"true\"]\n"
      try await withMesosPod(on: host, file, settings) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FINISHED", "\(end)")
      }
      try await host.engine.docker("rmi", image).output()
    }
  }
}
