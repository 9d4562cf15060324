import Cgroups
import Compose
import Glibc
import OrderedCollections
import PodIdentity
import YAML
import Linux

/// The GPUs of a task: their number, and their identities if these are known.
package struct TaskGPUs: Sendable, Equatable {
  /// One GPU of the host, with the two names that the engine's driver accepts.
  package struct GPU: Sendable, Equatable {
    /// Its index in the order of the host's PCI addresses.
    package var index: Int
    /// Its UUID, `GPU-…`.
    package var uuid: String

    /// Creates a GPU.
    package init(index: Int, uuid: String) {
      self.index = index
      self.uuid = uuid
    }
  }

  /// The number of GPUs.
  package var count: Int
  /// The task's GPUs; nil if they are unknown.
  package var devices: [GPU]?

  /// Creates the GPUs of a task.
  package init(count: Int, devices: [GPU]? = nil) {
    self.count = count
    self.devices = devices
  }

  /// Determines the GPUs of a task.
  ///
  /// An agent with the isolator `gpu/nvidia` permits them, and no others, in the executor's devices
  /// cgroup (version 1; slave/containerizer/mesos/isolators/gpu/isolator.cpp). Otherwise
  /// `NVIDIA_VISIBLE_DEVICES` in the executor's environment may name them.
  ///
  /// - Parameters:
  ///   - count: the task's resource `gpus`.
  ///   - environment: the executor's environment.
  /// - Returns: the GPUs.
  package static func find(count: Int, environment: [String: String]) -> TaskGPUs {
    guard count > 0 else { return TaskGPUs(count: 0, devices: []) }
    let host = hostGPUs(below: "/proc/driver/nvidia/gpus")
    if let list = devicesList(), let open = opened(in: list, of: host), open.count == count {
      return TaskGPUs(count: count, devices: open)
    }
    if let text = environment["NVIDIA_VISIBLE_DEVICES"] {
      let named = text.split(separator: ",").map { $0.filter { $0 != " " } }
      let found = named.compactMap { name in
        host.first { $0.gpu.uuid == name || String($0.gpu.index) == name }?.gpu
      }
      if found.count == count, found.count == named.count {
        return TaskGPUs(count: count, devices: found)
      }
    }
    if host.count == count { return TaskGPUs(count: count, devices: host.map(\.gpu)) }
    return TaskGPUs(count: count)
  }

  /// The host's GPUs in the driver's list, with the minor numbers of their devices.
  static func hostGPUs(below directory: String) -> [(minor: Int, gpu: GPU)] {
    // One directory for each GPU, named by its PCI address.
    let names = ((try? Directory.names(of: directory)) ?? []).filter { !$0.hasPrefix(".") }
    return names.sorted().enumerated().compactMap { index, name in
      guard let text = try? TextFile.text("\(directory)/\(name)/information") else { return nil }
      func field(_ key: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
          .map { $0.dropFirst(key.count + 1).drop { $0 == " " || $0 == "\t" } }
          .map { String($0) }
      }
      guard let uuid = field("GPU UUID"), let minor = field("Device Minor").flatMap({ Int($0) })
      else { return nil }
      return (minor, GPU(index: index, uuid: uuid))
    }
  }

  /// The GPUs in a list of a devices cgroup; nil if it permits every device.
  static func opened(in list: String, of host: [(minor: Int, gpu: GPU)]) -> [GPU]? {
    var minors: Set<Int> = []
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3 else { continue }
      if words[0] == "a" { return nil }
      // 195 is the driver's major number; its minor number 255 is nvidiactl.
      guard words[0] == "c", words[1].hasPrefix("195:") else { continue }
      guard let minor = Int(words[1].dropFirst(4)) else { return nil }
      minors.insert(minor)
    }
    return host.filter { minors.contains($0.minor) }.map(\.gpu)
  }

  /// The list of this process's devices cgroup of version 1; nil if there is none.
  private static func devicesList() -> String? {
    guard let path = try? CgroupMembership.current().path(controller: "devices"),
      let hierarchy = try? CgroupMounts.current().hierarchies.first(where: {
        $0.controllers.contains("devices")
      })
    else { return nil }
    return try? TextFile.text("\(hierarchy.mountPoint)\(path)/devices.list")
  }
}

extension TaskGPUs {
  /// Refuses a service that requests GPUs that its task doesn't have.
  ///
  /// - Parameter service: the service.
  /// - Throws: `DiagnosticError` with the line of the request.
  func check(_ service: Service) throws(DiagnosticError) {
    let resources = service.resources
    for need in resources.gpus + resources.reservedDevices where need.value.isGPU {
      try check(need.value.count, need.value.ids, of: service, at: need.position)
    }
    for device in service.devices {
      if let name = Self.driverName(device.value) {
        try check(name == "all" ? -1 : nil, [name], of: service, at: device.position)
      }
    }
  }

  private func check(
    _ requested: Int64?, _ ids: [String], of service: Service, at position: SourcePosition
  ) throws(DiagnosticError) {
    guard count > 0 else {
      throw DiagnosticError(
        "service '\(service.name)' requests GPUs, but its task has none (resource `gpus`)",
        at: position)
    }
    if requested == -1 { return }
    let number = requested ?? Int64(ids.count)
    if number > count {
      throw DiagnosticError(
        "service '\(service.name)' requests \(number) GPUs, but its task has \(count)", at: position
      )
    }
    guard requested == nil, let devices else { return }
    for id in ids where !devices.contains(where: { $0.isCalled(id) }) {
      let own = devices.map { "\($0.index) (\($0.uuid))" }.joined(separator: ", ")
      throw DiagnosticError(
        "service '\(service.name)' requests GPU \(id), but its task has \(own)", at: position)
    }
  }

  /// Restricts a request for GPUs to those of the task.
  ///
  /// - Parameter need: the request in the file.
  /// - Returns: the request, with the GPUs' names in place of the count if they are known.
  func own(_ need: DeviceNeed) -> DeviceNeed {
    guard need.isGPU, let requested = need.count else { return need }
    let number = requested == -1 ? count : Int(clamping: requested)
    var own = need
    if let devices {
      own.count = nil
      own.ids = devices.prefix(number).map(\.uuid)
    } else {
      own.count = Int64(number)
    }
    return own
  }

  /// Restricts a device of the GPUs' driver (Container Device Interface) to the GPUs of the task.
  ///
  /// - Parameter name: its name, such as `nvidia.com/gpu=all`.
  /// - Returns: the names of the task's GPUs if the name means all of them, otherwise the same
  ///   name.
  func own(device name: String) -> [String] {
    guard Self.driverName(name) == "all", let devices else { return [name] }
    return devices.map { "nvidia.com/gpu=\($0.uuid)" }
  }

  private static func driverName(_ device: String) -> String? {
    let prefix = "nvidia.com/gpu="
    guard device.hasPrefix(prefix) else { return nil }
    return String(device.dropFirst(prefix.count))
  }

  /// A warning if the engine has to choose the task's GPUs.
  ///
  /// - Parameter project: the project.
  /// - Returns: a warning for the log; nil if the GPUs are known, or no service requests a number
  ///   of them.
  func warning(_ project: Project) -> String? {
    guard count > 0, devices == nil else { return nil }
    let isAsked = project.services.values.contains { service in
      (service.resources.gpus + service.resources.reservedDevices).contains {
        $0.value.isGPU && $0.value.count != nil
      }
    }
    guard isAsked else { return nil }
    return
      "the task's GPUs are unknown (the agent has no gpu/nvidia isolator, or cgroups of version 2): "
      + "the engine assigns the first \(count) of the host"
  }
}

extension TaskGPUs.GPU {
  /// Whether the driver accepts a name for this GPU: its index, its UUID, or the beginning of its
  /// UUID.
  func isCalled(_ name: String) -> Bool {
    name == String(index) || name == uuid
      || (name.hasPrefix("GPU-") && name.count > 8 && uuid.hasPrefix(name))
  }
}

extension DeviceNeed {
  /// Whether the request is for GPUs.
  var isGPU: Bool {
    driver == "nvidia" || capabilities.contains { $0 == "gpu" || $0 == "nvidia" }
  }
}
