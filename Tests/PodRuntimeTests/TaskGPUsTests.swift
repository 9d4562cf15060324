import Compose
import DockerEngine
import Foundation
import Testing
import YAML

@testable import PodRuntime

@Suite("A task's GPUs")
struct TaskGPUsTests {
  private let one = TaskGPUs(
    count: 1, devices: [TaskGPUs.GPU(index: 2, uuid: "GPU-22222222-aaaa")])

  private func need(count: Int64? = nil, ids: [String] = []) -> Located<DeviceNeed> {
    var need = DeviceNeed()
    need.count = count
    need.ids = ids
    need.capabilities = ["gpu"]
    return Located(need, at: at(7))
  }

  private func check(_ gpus: TaskGPUs, _ change: (inout Service) -> Void) throws {
    try TaskLimits(cpus: nil, memory: nil, gpus: gpus).check(project([service("a", change)]))
  }

  private func requests(
    _ gpus: TaskGPUs?, _ change: (inout Service) -> Void
  ) throws -> [DeviceRequest] {
    var request = PodRequest(
      project: project([service("a", change)]), executorID: "E", taskID: "t1", run: "r1")
    if let gpus { request.limits = TaskLimits(cpus: nil, memory: nil, gpus: gpus) }
    return try plan(request).containers[0].create.hostConfig?
      .deviceRequests ?? []
  }

  @Test("are the meaning of `all`, by name if they are known")
  func all() throws {
    let requested = try requests(one) { $0.resources.gpus = [need(count: -1)] }
    #expect(requested.map(\.deviceIDs) == [["GPU-22222222-aaaa"]])
    #expect(requested[0].count == nil)
    let unknown = try requests(TaskGPUs(count: 2)) {
      $0.resources.reservedDevices = [need(count: -1)]
    }
    #expect(unknown.map(\.count) == [2])
    let device = try requests(one) { $0.devices = [Located("nvidia.com/gpu=all", at: here)] }
    #expect(device.map(\.deviceIDs) == [["nvidia.com/gpu=GPU-22222222-aaaa"]])
  }

  @Test("are the set that a count selects from")
  func count() throws {
    let two = TaskGPUs(
      count: 2,
      devices: [TaskGPUs.GPU(index: 1, uuid: "GPU-1"), TaskGPUs.GPU(index: 3, uuid: "GPU-3")])
    #expect(
      try requests(two) { $0.resources.gpus = [need(count: 1)] }.map(\.deviceIDs) == [["GPU-1"]])
  }

  @Test("are the host's if no task limits the pod")
  func unbounded() throws {
    #expect(try requests(nil) { $0.resources.gpus = [need(count: -1)] }.map(\.count) == [-1])
  }

  @Test("are a limit: a request beyond it is refused with its line")
  func refused() {
    let cases: [(TaskGPUs, (inout Service) -> Void, String)] = [
      (
        TaskGPUs(count: 0, devices: []), { $0.resources.gpus = [need(count: -1)] },
        "service 'a' requests GPUs, but its task has none (resource `gpus`)"
      ),
      (
        one, { $0.resources.gpus = [need(count: 2)] },
        "service 'a' requests 2 GPUs, but its task has 1"
      ),
      (
        one, { $0.resources.reservedDevices = [need(ids: ["0"])] },
        "service 'a' requests GPU 0, but its task has 2 (GPU-22222222-aaaa)"
      ),
      (
        TaskGPUs(count: 1), { $0.resources.gpus = [need(ids: ["0", "1"])] },
        "service 'a' requests 2 GPUs, but its task has 1"
      ),
      (
        one, { $0.devices = [Located("nvidia.com/gpu=0", at: at(7))] },
        "service 'a' requests GPU 0, but its task has 2 (GPU-22222222-aaaa)"
      ),
    ]
    for (gpus, change, message) in cases {
      #expect(throws: DiagnosticError(message, at: at(7))) { try check(gpus, change) }
    }
  }

  @Test("don't affect devices of other drivers")
  func others() throws {
    var tpu = DeviceNeed()
    tpu.count = -1
    tpu.capabilities = ["tpu"]
    try check(TaskGPUs(count: 0, devices: [])) {
      $0.resources.reservedDevices = [Located(tpu, at: here)]
      $0.devices = [Located("/dev/null", at: here)]
    }
    try check(one) { $0.resources.gpus = [need(ids: ["2"]), need(ids: ["GPU-22222222"])] }
  }

  @Test("are found in the devices cgroup in which an agent's isolator permits them")
  func cgroup() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("gpus-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    for (address, uuid, minor) in [
      ("0000:41:00.0", "GPU-b", 0), ("0000:03:00.0", "GPU-a", 1), ("0000:82:00.0", "GPU-c", 2),
    ] {
      let gpu = directory.appendingPathComponent(address)
      try FileManager.default.createDirectory(at: gpu, withIntermediateDirectories: true)
      try Data(
        "Model: \t\t Tesla\nIRQ:   \t\t 1\nGPU UUID: \t \(uuid)\nDevice Minor: \t \(minor)\n".utf8
      ).write(to: gpu.appendingPathComponent("information"))
    }
    let host = TaskGPUs.hostGPUs(below: directory.path)
    #expect(host.map(\.gpu.uuid) == ["GPU-a", "GPU-b", "GPU-c"])
    #expect(host.map(\.gpu.index) == [0, 1, 2])
    let list = "c 1:3 rwm\nc 195:255 rwm\nc 195:0 rwm\nc 136:* rwm\n"
    #expect(TaskGPUs.opened(in: list, of: host)?.map(\.uuid) == ["GPU-b"])
    #expect(TaskGPUs.opened(in: "a *:* rwm\n", of: host) == nil)
    #expect(TaskGPUs.opened(in: "c 195:* rwm\n", of: host) == nil)
  }

  @Test("without known names are left to the engine, with a warning")
  func warning() throws {
    let asking = project([service("a") { $0.resources.gpus = [need(count: -1)] }])
    #expect(TaskGPUs(count: 2).warning(asking)?.contains("first 2") == true)
    #expect(one.warning(asking) == nil)
    #expect(TaskGPUs(count: 2).warning(project([service("a")])) == nil)
  }
}
