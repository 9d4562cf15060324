import Cgroups
import Compose
import Glibc
import OrderedCollections
import PodIdentity
import YAML
import Linux

/// The GPUs of a task: how many, and which where that can be known.
public struct TaskGPUs: Sendable, Equatable {
  /// One GPU of the host, by the two names that the engine's driver takes.
  public struct GPU: Sendable, Equatable {
    /// Its number: its place in the order of the host's PCI addresses.
    public var index: Int
    /// Its UUID, `GPU-…`.
    public var uuid: String

    /// Makes a GPU.
    public init(index: Int, uuid: String) {
      self.index = index
      self.uuid = uuid
    }
  }

  /// How many there are.
  public var count: Int
  /// Which of the host's they are, as the engine takes them; nil where nobody says.
  public var devices: [GPU]?

  /// Makes the GPUs of a task.
  public init(count: Int, devices: [GPU]? = nil) {
    self.count = count
    self.devices = devices
  }

  /// Finds out which GPUs are a task's.
  ///
  /// An agent with the isolator `gpu/nvidia` opens them, and no others, in the executor's devices
  /// cgroup (version 1; slave/containerizer/mesos/isolators/gpu/isolator.cpp). Elsewhere
  /// `NVIDIA_VISIBLE_DEVICES` in the executor's environment may name them.
  ///
  /// - Parameters:
  ///   - count: how many the task's resource `gpus` gives it.
  ///   - environment: the executor's environment.
  /// - Returns: the GPUs.
  public static func find(count: Int, environment: [String: String]) -> TaskGPUs {
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

  /// The host's GPUs as the driver lists them, with the minor numbers of their devices.
  static func hostGPUs(below folder: String) -> [(minor: Int, gpu: GPU)] {
    // A folder for each, named by its PCI address.
    let names = ((try? Directory.names(of: folder)) ?? []).filter { !$0.hasPrefix(".") }
    return names.sorted().enumerated().compactMap { index, name in
      guard let text = try? TextFile.text("\(folder)/\(name)/information") else { return nil }
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

  /// The GPUs that a devices cgroup lists; nil where it lists every device.
  static func opened(in list: String, of host: [(minor: Int, gpu: GPU)]) -> [GPU]? {
    var minors: Set<Int> = []
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3 else { continue }
      if words[0] == "a" { return nil }
      // 195 is the driver's number; nvidiactl is its device 255.
      guard words[0] == "c", words[1].hasPrefix("195:") else { continue }
      guard let minor = Int(words[1].dropFirst(4)) else { return nil }
      minors.insert(minor)
    }
    return host.filter { minors.contains($0.minor) }.map(\.gpu)
  }

  /// What this process's devices cgroup of version 1 lists; nil where there is none.
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
  /// Refuses a service that asks for GPUs that aren't its task's.
  ///
  /// - Parameter service: the service.
  /// - Throws: `ComposeError` with the line.
  func check(_ service: Service) throws(ComposeError) {
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
    _ asked: Int64?, _ ids: [String], of service: Service, at position: SourcePosition
  ) throws(ComposeError) {
    guard count > 0 else {
      throw ComposeError(
        "service '\(service.name)' asks for GPUs, and its task has none (resource `gpus`)",
        at: position)
    }
    if asked == -1 { return }
    let number = asked ?? Int64(ids.count)
    if number > count {
      throw ComposeError(
        "service '\(service.name)' asks for \(number) GPUs, and its task has \(count)", at: position
      )
    }
    guard asked == nil, let devices else { return }
    for id in ids where !devices.contains(where: { $0.isCalled(id) }) {
      let own = devices.map { "\($0.index) (\($0.uuid))" }.joined(separator: ", ")
      throw ComposeError(
        "service '\(service.name)' asks for GPU \(id), and its task has \(own)", at: position)
    }
  }

  /// A request for GPUs as one for the task's own.
  ///
  /// - Parameter need: what the file says.
  /// - Returns: the same, with names in place of a count where they are known.
  func own(_ need: DeviceNeed) -> DeviceNeed {
    guard need.isGPU, let asked = need.count else { return need }
    let number = asked == -1 ? count : Int(clamping: asked)
    var own = need
    if let devices {
      own.count = nil
      own.ids = devices.prefix(number).map(\.uuid)
    } else {
      own.count = Int64(number)
    }
    return own
  }

  /// A device that the GPUs' driver provides (Container Device Interface) as those of the task.
  ///
  /// - Parameter name: its name, such as `nvidia.com/gpu=all`.
  /// - Returns: the names of the task's own; the same name where it is none that stands for all.
  func own(device name: String) -> [String] {
    guard Self.driverName(name) == "all", let devices else { return [name] }
    return devices.map { "nvidia.com/gpu=\($0.uuid)" }
  }

  private static func driverName(_ device: String) -> String? {
    let prefix = "nvidia.com/gpu="
    guard device.hasPrefix(prefix) else { return nil }
    return String(device.dropFirst(prefix.count))
  }

  /// Whether which of the host's GPUs are the task's has to be left to the engine.
  ///
  /// - Parameter project: the project.
  /// - Returns: a warning for the log; nil where it is known, or nobody asks.
  func warning(_ project: Project) -> String? {
    guard count > 0, devices == nil else { return nil }
    let isAsked = project.services.values.contains { service in
      (service.resources.gpus + service.resources.reservedDevices).contains {
        $0.value.isGPU && $0.value.count != nil
      }
    }
    guard isAsked else { return nil }
    return
      "which GPUs are the task's isn't known (the agent has no gpu/nvidia isolator, or cgroups of version 2): "
      + "the engine gives the first \(count) of the host's"
  }
}

extension TaskGPUs.GPU {
  /// Whether the driver takes a name for this GPU: its number, or its UUID as far as it was
  /// written.
  func isCalled(_ name: String) -> Bool {
    name == String(index) || name == uuid
      || (name.hasPrefix("GPU-") && name.count > 8 && uuid.hasPrefix(name))
  }
}

extension DeviceNeed {
  /// Whether it asks for GPUs.
  var isGPU: Bool {
    driver == "nvidia" || capabilities.contains { $0 == "gpu" || $0 == "nvidia" }
  }
}
