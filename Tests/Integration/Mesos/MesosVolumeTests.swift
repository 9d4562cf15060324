import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A service that mounts a persistent volume, which is at `data` in the sandbox.
private struct VolumeCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The service's `volumes:`.
  let volumes: String
  /// A script in the container, which fails if it doesn't find the volume.
  let script: String
  var policy: String?
  var more = ""
}

private let cases = [
  VolumeCase(
    testDescription: "by its path", volumes: "['./data:/x']",
    script: "grep kept /x/file && echo new > /x/written"),
  VolumeCase(
    testDescription: "a directory in it", volumes: "['./data/sub dir:/x']",
    script: "grep inner /x/file && echo new > /x/../x/written2"),
  VolumeCase(
    testDescription: "with the whole sandbox", volumes: "['.:/x']",
    script: "grep kept /x/data/file && test -e /x/compose.yaml && echo new > /x/data/written"),
  VolumeCase(
    testDescription: "with the whole sandbox, read-only", volumes: "['.:/x:ro']",
    script: "grep kept /x/data/file && ! touch /x/data/written"),
  VolumeCase(
    testDescription: "read-only", volumes: "['./data:/x:ro']",
    script: "grep kept /x/file && ! touch /x/written"),
  VolumeCase(
    testDescription: "in the long form, a directory that is made",
    volumes: "[{type: bind, source: ./data/made, target: /x, bind: {create_host_path: true}}]",
    script: "echo new > /x/written"),
  VolumeCase(
    testDescription: "by a named volume", volumes: "['kept:/x']", script: "grep kept /x/file",
    more: "volumes: {kept: {driver_opts: {type: none, o: bind, device: 'SANDBOX/data'}}}"),
  VolumeCase(
    testDescription: "under the operator's policy", volumes: "['./data:/x', '.:/y']",
    script: "grep kept /x/file && grep kept /y/data/file",
    policy: "allow: {registries: true}\n"),
]

/// src/slave/containerizer/mesos/isolators/filesystem/linux.cpp, `update`: the volume is
/// bound to the sandbox.
@Suite("A persistent volume in the sandbox", .needsEngine, .throttled)
struct MesosVolumeTests {
  /// An executor in its own mount namespace, in which the volume is mounted.
  private func settings(_ mount: String, policy: String? = nil) -> MesosSettings {
    var settings = MesosSettings()
    if let policy { settings.files["etc/compose-executor.yaml"] = policy }
    settings.task = { task in
      let etc = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      let first = policy == nil ? "true" : etc
      task.labels = [("fileName", "compose.yaml")]
      task.command =
        "mkdir data; chown 0:0 etc/* 2>/dev/null; exec unshare -m --propagation private sh -c '\(first) && "
        + "\(mount) && exec \(BuiltProgram.composeExecutor)'"
      task.extra["resources"] = [
        ["name": "cpus", "type": "SCALAR", "scalar": ["value": 0.5], "role": "*"],
        ["name": "mem", "type": "SCALAR", "scalar": ["value": 128.0], "role": "*"],
        [
          "name": "disk", "type": "SCALAR", "scalar": ["value": 64.0], "role": "*",
          "disk": [
            "persistence": ["id": "p1"], "volume": ["container_path": "data", "mode": "RW"],
          ],
          "shared": [:],
        ],
      ]
    }
    return settings
  }

  private func file(_ one: VolumeCase) -> String {
    """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, "\(one.script)"]
        volumes: \(one.volumes)
    \(one.more.replacing("SANDBOX", with: "${MESOS_DIRECTORY}"))
    """
  }

  @Test(
    "is mounted into containers, although the engine doesn't see the mount",
    arguments: MesosHost.linux, cases.indices)
  func found(on host: MesosHost, index: Int) async throws {
    let one = cases[index]
    try await withTemporaryDirectory { directory in
      try directory.write("volume/file", "kept\n")
      try directory.write("volume/sub dir/file", "inner\n")
      let mount = "mount --bind \(directory.path("volume")) data"
      let settings = settings(mount, policy: one.policy)
      try await withMesosPod(on: host, file(one), settings) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FINISHED", "\(one): \(end) \(pod.run.text("stdout"))")
      }
      if one.script.contains("echo new") {
        let files = try #require(FileManager.default.subpaths(atPath: directory.path))
        #expect(files.contains { $0.contains("written") }, "\(one): \(files)")
      }
    }
  }

  @Test(
    "that the engine can't reach by any path is refused with one line", arguments: MesosHost.linux,
    ["./data:/x", ".:/x"])
  func hidden(on host: MesosHost, volume: String) async throws {
    let one = VolumeCase(testDescription: "", volumes: "['\(volume)']", script: "true")
    try await withMesosPod(on: host, file(one), settings("mount -t tmpfs none data")) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
      let message = end.message ?? ""
      #expect(
        message.contains("compose.yaml:5:") && message.contains("isn't visible to the engine"),
        "\(message)")
      #expect(!message.contains("\n"))
    }
  }

  @Test("that is read-only is read-only in containers", arguments: MesosHost.linux)
  func readOnly(on host: MesosHost) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("volume/file", "kept\n")
      let one = VolumeCase(
        testDescription: "", volumes: "['./data:/x', '.:/y']",
        script: "grep kept /x/file /y/data/file && ! touch /x/written && ! touch /y/data/written")
      let mount =
        "mount --bind \(directory.path("volume")) data && mount -o remount,bind,ro data"
      try await withMesosPod(on: host, file(one), settings(mount)) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FINISHED", "\(end) \(pod.run.text("stdout"))")
      }
    }
  }

  /// As the isolator `volume/host_path` does for a framework that specifies a path of the host.
  @Test(
    "can't be another host directory under the operator's policy", arguments: MesosHost.linux,
    ["./host:/x", ".:/x"])
  func hostPath(on host: MesosHost, volume: String) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("outside/file", "of the host\n")
      let one = VolumeCase(
        testDescription: "", volumes: "['\(volume)']",
        script: "cat /x/file /x/host/file; true")
      let mount = "mkdir host && mount --bind \(directory.path("outside")) host"
      let settings = settings(mount, policy: "allow: {registries: true}\n")
      try await withMesosPod(on: host, file(one), settings) { pod in
        let end = try await pod.ended()
        let message = end.message ?? ""
        #expect(end.state == "TASK_FAILED", "\(message) \(pod.run.text("stdout"))")
        #expect(
          message.contains("compose.yaml:5:") && message.contains("allow: bind-mounts"),
          "\(message)")
        #expect(!pod.run.text("stdout").contains("of the host"))
      }
    }
  }

  /// Two tasks with one `SHARED` volume.
  @Test("is shared by the tasks that mount it", arguments: MesosHost.linux)
  func shared(on host: MesosHost) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("volume/file", "kept\n")
      let mount = "mount --bind \(directory.path("volume")) data"
      let one = VolumeCase(
        testDescription: "", volumes: "['./data:/x']",
        script:
          "touch /x/${NAME}; until [ $$(ls /x | wc -l) = 3 ]; do sleep 0.05; done")
      var settings = settings(mount)
      let others = ["it-\(UUID().uuidString.prefix(8).lowercased())"]
      settings.group = others
      let task = settings.task
      settings.task = { description in
        task(&description)
        description.environment["NAME"] = description.id
      }
      try await withMesosPod(on: host, file(one), settings) { pod in
        #expect(try await pod.ended().state == "TASK_FINISHED")
        let other = try await pod.agent.end(of: others[0], within: .seconds(180))
        #expect(other.state == "TASK_FINISHED")
      }
    }
  }
}
