import AgentStandIn
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

extension SystemdDriverTests {
  @Test("can use the devices that the agent's isolator permits to its executor, and no others")
  func devices() async throws {
    var settings = Self.given(cpus: 0.5, megabytes: 64)
    settings.launch = { $0.devices = LaunchOptions.defaultDevices }
    try await withMesosPod(on: MesosHost(engine, .cgroups1), Self.two, settings) { pod in
      try await pod.running()
      let list = try systemd.file("devices.list", of: "devices", pod.run.id)
        .split(separator: "\n").map(String.init)
      let allowed = Set(LaunchOptions.defaultDevices)
      #expect(!list.isEmpty)
      #expect(
        list.allSatisfy { line in
          // systemd permits whole drivers by their major number.
          allowed.contains(line) || line == "c 136:* rwm"
        }, "\(list)")
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  /// Runs an executor in a cgroup of the run whose block devices are throttled, with the given
  /// operator file.
  private func throttled(
    _ operatorFile: String, _ body: (RunningPod) async throws -> Void
  ) async throws {
    let run = UUID().uuidString.lowercased()
    let root = try #require(try Hierarchy.root(of: "blkio"))
    let group = "\(root)/mesos/\(run)"
    try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: true)
    var status = stat()
    try #require(stat("/", &status) == 0)
    let disk = "\(status.st_dev >> 8 & 0xfff):\(status.st_dev & 0xff) 1048576"
    try disk.write(
      toFile: "\(group)/blkio.throttle.write_bps_device", atomically: false, encoding: .utf8)
    defer {
      Hierarchy.remove(group)
      rmdir("\(root)/mesos")
    }
    let mount = "mount -t overlay overlay -o lowerdir=$PWD/etc:/etc /etc"
    let settings = PodSettings(
      files: ["etc/compose-executor.yaml": operatorFile],
      shell: """
        chown 0:0 etc etc/*; echo $$ > \(group)/cgroup.procs
        exec unshare -m sh -c '\(mount) && exec "$@"' sh "$@"
        """, run: run)
    try await withPod(on: engine, Self.two, settings) { try await body($0) }
  }

  @Test("isn't launched if it would escape from an isolator, unless the operator permits it")
  func escape() async throws {
    for file in ["{}\n", "escape-isolators: refuse\n"] {
      try await throttled(file) { pod in
        let end = try await pod.ended()
        #expect(end.status == .exited(1))
        #expect(end.message.contains("cgroups/blkio"), "\(end)")
        #expect(end.message.contains("escape-isolators: warn"), "\(end)")
      }
    }
    try await throttled("escape-isolators: warn\nslice-parent: tasks-it.slice\n") { pod in
      try await pod.running()
      let warned = pod.executor.lines(.stderr).contains { $0.contains("cgroups/blkio") }
      #expect(warned)
      let slice = try #require(PodSlice(run: pod.run, parent: "tasks-it.slice"))
      for container in try await pod.containers().values {
        #expect(container.Config.Labels["mesos.cgroup_parent"] == slice.path)
      }
      #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
      pod.send(SIGTERM)
      _ = try await pod.ended()
      try await eventually("its slices are gone") {
        let state = try await systemd.show(slice.above, "ActiveState")
        return try state == "inactive" && Hierarchy.directories(of: slice.path).isEmpty
      }
    }
  }
}
