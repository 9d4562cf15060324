import OrderedCollections
import YAML

/// Resource and isolation settings of a service.
extension ServiceReader {
  func readResources(into service: inout Service) {
    var resources = service.resources
    resources.blockIO = blockIO()
    for (name, entry) in node["ulimits"]?.mapping ?? [:] {
      let single = entry.value.integer ?? 0
      func limit(_ key: String) -> Int64 {
        // Zero counts as unset, as in Compose.
        let own = entry.value[key]?.integer ?? 0
        return own == 0 ? single : own
      }
      resources.ulimits[name] = UserLimit(soft: limit("soft"), hard: limit("hard"))
    }
    resources.sysctls = node["sysctls"].pairs
    resources.pidsLimit = resources.pidsLimit ?? whole("pids_limit")
    resources.memorySwappiness = node["mem_swappiness"]?.string.flatMap { Int64($0) }
      .flatMap { $0 == 0 ? nil : $0 }
    resources.oomKillDisable = node["oom_kill_disable"].flatMap { value in
      value.boolean.map { Located($0, at: value.position) }
    }
    resources.oomScoreAdjustment = node["oom_score_adj"].flatMap { value in
      value.integer.map { Located($0, at: value.position) }
    }
    resources.realtimePeriod = whole("cpu_rt_period")
    resources.realtimeRuntime = whole("cpu_rt_runtime")
    resources.deviceCgroupRules = node["device_cgroup_rules"].locatedStrings
    resources.storageOptions = (node["storage_opt"]?.mapping ?? [:])
      .compactMapValues { $0.value.scalarText }
    resources.gpus = needs(node["gpus"], extra: ["gpu"])
    resources.reservedDevices = needs(
      node[path: "deploy.resources.reservations.devices"], extra: [])
    service.resources = resources
  }

  func readIsolation(into service: inout Service) {
    service.isolation.userNamespace = node.located("userns_mode")
    service.isolation.hostNames = node.located("uts")
    service.isolation.cgroupNamespace = node.located("cgroup")
    service.isolation.runtime = node.located("runtime")?.value
    service.isolation.technology = node.located("isolation")?.value
    service.isolation.platform = node.located("platform")?.value
    service.isolation.groups = node["group_add"]?.strings ?? []
    service.isolation.annotations = node["annotations"].pairs
  }

  /// Expands `use_api_socket:` to a mount of the socket and an empty configuration for Docker's
  /// programs, without the executor's credentials.
  func openEngine(to service: inout Service) {
    guard let flag = node["use_api_socket"], flag.boolean == true else { return }
    let socket = "/var/run/docker.sock"
    var mount = ServiceMount(source: .bind(path: socket), target: socket, position: flag.position)
    mount.createHostPath = true
    service.mounts.append(mount)
    let directory = "/run/secrets/docker"
    if service.environment["DOCKER_CONFIG"] == nil {
      service.environment["DOCKER_CONFIG"] = directory
    }
    // The file mounts its own configuration.
    let targets = service.files.map(\.target) + service.mounts.map(\.target)
    let paths = targets.map { Path.join("/", $0) }
    if paths.contains(where: { $0 == directory || $0 == directory + "/config.json" }) { return }
    service.files.append(
      FileMount(
        kind: .config, name: "use_api_socket", source: .content("{\"auths\": {}}\n"),
        target: directory + "/config.json", position: flag.position))
  }

  /// Applies the settings of `deploy:`, which override the service's own keys.
  func readDeployment(into service: inout Service) throws(DiagnosticError) {
    guard let deploy = node["deploy"] else { return }
    if let pids = deploy[path: "resources.limits.pids"]?.integer, pids > 0 {
      service.resources.pidsLimit = pids
    }
    if let policy = deploy["restart_policy"], policy.mapping != nil {
      service.restart = try restart(policy)
      service.restartPosition = node["deploy"]?.position(ofKey: "restart_policy")
      service.restartBounds.delay = duration(policy["delay"])
      service.restartBounds.window = duration(policy["window"])
      service.restartBounds.attempts = attempts(policy)
    }
  }

  private func attempts(_ policy: YAMLNode) -> Int? {
    policy["max_attempts"]?.integer.flatMap { $0 > 0 ? Int($0) : nil }
  }

  private func restart(_ policy: YAMLNode) throws(DiagnosticError) -> RestartPolicy {
    switch policy["condition"]?.string ?? "" {
    case "", "none", "no": return .no
    case "any", "always": return .always
    case "unless-stopped": return .unlessStopped
    case "on-failure": return .onFailure(maximumRetries: attempts(policy))
    case let word:
      throw DiagnosticError(
        "`condition` must be none, on-failure or any, not `\(word)`",
        at: policy["condition"]?.position ?? policy.position)
    }
  }

  private func blockIO() -> BlockIOLimits? {
    guard let config = node["blkio_config"], config.mapping?.isEmpty == false else { return nil }
    func devices(_ key: String, _ figure: String) -> [BlockIOLimits.Device] {
      (config[key]?.sequence ?? []).map { entry in
        let value = entry[figure]
        return BlockIOLimits.Device(
          path: entry["path"]?.string ?? "",
          value: value?.integer ?? value?.string.flatMap { Int64($0) } ?? 0)
      }
    }
    var limits = BlockIOLimits()
    limits.weight = config["weight"]?.integer.flatMap { $0 == 0 ? nil : $0 }
    limits.weights = devices("weight_device", "weight")
    limits.readBytes = devices("device_read_bps", "rate")
    limits.readOperations = devices("device_read_iops", "rate")
    limits.writeBytes = devices("device_write_bps", "rate")
    limits.writeOperations = devices("device_write_iops", "rate")
    return limits
  }

  private func needs(_ list: YAMLNode?, extra: [String]) -> [Located<DeviceNeed>] {
    (list?.sequence ?? []).map { entry in
      var need = DeviceNeed()
      need.driver = entry.located("driver")?.value
      need.count = entry["count"]?.integer
      need.ids = entry["device_ids"]?.strings ?? []
      need.capabilities = (entry["capabilities"]?.strings ?? []) + extra
      need.options = entry["options"].pairs
      return Located(need, at: entry.position)
    }
  }

  private func whole(_ key: String) -> Int64? {
    node[key]?.integer.flatMap { $0 == 0 ? nil : $0 }
  }
}
