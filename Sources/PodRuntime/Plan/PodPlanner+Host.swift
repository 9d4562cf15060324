import Compose
import DockerEngine
import OrderedCollections
import YAML

extension PodPlanner {
  /// Sets a service's resource limits (Engine API, "Resources").
  func limit(_ service: Service, in host: inout HostConfig) {
    host.memory = service.memoryLimit.map { Int($0.value.bytes) }
    host.memorySwap = service.memorySwapLimit.map { Int($0.bytes) }
    host.memoryReservation = service.memoryReservation.map { Int($0.value.bytes) }
    // In single precision, as Compose calculates.
    host.nanoCpus = service.cpus.map { Int(Float($0.value) * 1_000_000_000) }
    host.cpuShares = service.cpuShares.map(Int.init)
    host.cpuQuota = service.cpuQuota.map { Int($0.value) }
    host.cpuPeriod = service.cpuPeriod.map { Int($0.value) }
    host.cpusetCpus = service.cpuset
    host.shmSize = service.shmSize.map { Int($0.bytes) }
    let resources = service.resources
    host.cpuRealtimePeriod = resources.realtimePeriod.map(Int.init)
    host.cpuRealtimeRuntime = resources.realtimeRuntime.map(Int.init)
    host.memorySwappiness = resources.memorySwappiness.map(Int.init)
    host.pidsLimit = resources.pidsLimit.map(Int.init) ?? request.policy.maxPids
    host.oomKillDisable = resources.oomKillDisable?.value
    host.oomScoreAdj = resources.oomScoreAdjustment.map { Int($0.value) }
    host.ulimits =
      resources.ulimits.isEmpty
      ? nil
      : resources.ulimits.map { name, limit in
        Ulimit(name: name, soft: Int(limit.soft), hard: Int(limit.hard))
      }
    host.sysctls = resources.sysctls.isEmpty ? nil : Dictionary(resources.sysctls)
    host.storageOpt =
      resources.storageOptions.isEmpty ? nil : Dictionary(resources.storageOptions)
    if let limits = resources.blockIO { limit(limits, in: &host) }
  }

  private func limit(_ limits: BlockIOLimits, in host: inout HostConfig) {
    func rates(_ devices: [BlockIOLimits.Device]) -> [DeviceRate]? {
      devices.isEmpty ? nil : devices.map { DeviceRate(path: $0.path, rate: Int($0.value)) }
    }
    host.blkioWeight = limits.weight.map(Int.init)
    if !limits.weights.isEmpty {
      host.blkioWeightDevice = limits.weights.map {
        DeviceWeight(path: $0.path, weight: Int($0.value))
      }
    }
    host.blkioDeviceReadBps = rates(limits.readBytes)
    host.blkioDeviceReadIOps = rates(limits.readOperations)
    host.blkioDeviceWriteBps = rates(limits.writeBytes)
    host.blkioDeviceWriteIOps = rates(limits.writeOperations)
  }

  /// Sets devices of the host, devices of drivers (CDI), and device cgroup rules.
  func provideDevices(of service: Service, in host: inout HostConfig) {
    var names: [String] = []
    var devices: [DeviceMapping] = []
    for device in service.devices {
      let parts = device.value.split(separator: ":").map(String.init)
      let source = parts.first ?? device.value
      let target = parts.count > 1 ? parts[1] : source
      if source == target, Self.isDriverDevice(source) {
        names += request.limits?.gpus?.own(device: source) ?? [source]
      } else {
        devices.append(
          DeviceMapping(
            pathOnHost: source, pathInContainer: target,
            cgroupPermissions: parts.count > 2 ? parts[2] : "rwm"))
      }
    }
    // In Compose's order.
    var requests = service.resources.reservedDevices.map { deviceRequest($0.value) }
    if !names.isEmpty { requests.append(DeviceRequest(driver: "cdi", deviceIDs: names)) }
    requests += service.resources.gpus.map { deviceRequest($0.value) }
    host.devices = devices.isEmpty ? nil : devices
    host.deviceRequests = requests.isEmpty ? nil : requests
    let rules = service.resources.deviceCgroupRules.map(\.value)
    host.deviceCgroupRules = rules.isEmpty ? nil : rules
  }

  private func deviceRequest(_ requested: DeviceNeed) -> DeviceRequest {
    let need = request.limits?.gpus?.own(requested) ?? requested
    return DeviceRequest(
      driver: need.driver, count: need.count.map(Int.init),
      deviceIDs: need.ids.isEmpty ? nil : need.ids, capabilities: [need.capabilities],
      options: need.options.isEmpty ? nil : Dictionary(need.options))
  }

  /// Whether a name is that of a driver's device, `vendor/class=name` (Container Device Interface).
  static func isDriverDevice(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let equals = parts[1].firstIndex(of: "=") else { return false }
    func isWord(_ text: Substring, others: String, mayBeginWithDigit: Bool = false) -> Bool {
      guard let first = text.utf8.first else { return false }
      return (first.isLetter || mayBeginWithDigit && first.isDigit)
        && text.utf8.allSatisfy { $0.isLetter || $0.isDigit || others.utf8.contains($0) }
    }
    return isWord(parts[0], others: "._-") && isWord(parts[1][..<equals], others: "._-")
      && isWord(parts[1][equals...].dropFirst(), others: "._:-", mayBeginWithDigit: true)
  }

  /// Sets the service's namespaces, runtime, groups and annotations.
  func isolate(_ service: Service, in host: inout HostConfig) {
    let isolation = service.isolation
    host.usernsMode = isolation.userNamespace?.value
    host.utsMode = isolation.hostNames?.value
    host.cgroupnsMode = isolation.cgroupNamespace?.value
    host.runtime = isolation.runtime
    host.isolation = isolation.technology
    host.groupAdd = isolation.groups.isEmpty ? nil : isolation.groups
    host.annotations = isolation.annotations.isEmpty ? nil : Dictionary(isolation.annotations)
  }
}

extension PodPlanner {
  /// Refuses a fixed address on a service with several containers.
  func checkScale(of service: Service) throws(DiagnosticError) {
    guard service.containers > 1 else { return }
    for (key, attachment) in service.networks {
      if let address = attachment.ipv4Address ?? attachment.ipv6Address {
        throw DiagnosticError(
          "service '\(service.name)' has \(service.containers) containers, but on network `\(key)` only one "
            + "address, \(address)", at: attachment.position ?? service.position)
      }
    }
  }
}

extension UInt8 {
  /// ASCII letters only.
  fileprivate var isLetter: Bool { 0x61...0x7a ~= self | 0x20 }
  fileprivate var isDigit: Bool { 0x30...0x39 ~= self }
}
