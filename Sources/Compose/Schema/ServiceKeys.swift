import OrderedCollections
import YAML

/// The keys of a service (Compose specification, "Services"), each in one line: name, form, merge
/// rule, and where it goes in the Engine API. They stand in the order in which `config` prints them.
enum ServiceKeys {
  static let table = KeyTable(
    "a service", own + container + workload, formerNames: ["x-develop": "develop"])

  /// What is said of the service itself.
  private static let own: [Key] = [
    Key(
      "profiles", .distinctStrings, .append(identity: Identity.name), goes: "whether it is there"),
    Key("deploy", .optional(.fields(Deployment.keys)), goes: "limits, and how many containers"),
    Key("develop", .optional(.fields(Development.keys)), never: "for desktops"),
    Key("provider", .fields(Providers.keys), never: "a program of the desktop's"),
    Key("extends", .expanding(Extends.expand, .fields(Extends.keys)), goes: "another service"),
    Key("restart", .string, goes: "kept by the executor"),
    Key("scale", .integer(.plain), omit: .unset, goes: "how many containers"),
    Key("attach", .boolean, omit: .unset, goes: "whether its output is shown"),
    Key(
      "container_name", .matching(Names.container), goes: "the container's name, after the task ID"),
    Key("external_links", .distinctStrings, goes: "HostConfig.Links"),
    Key(
      "links", .distinctStrings, .append(identity: Identity.name), goes: "aliases, or ExtraHosts"),
    Key("pre_start", .list(.fields(Hooks.preStartKeys)), goes: "a container run before"),
    Key("post_start", .list(.fields(Hooks.keys)), goes: "exec after the start"),
    Key("pre_stop", .list(.fields(Hooks.keys)), goes: "exec before the stop"),
  ]

  /// What is said of its container.
  static let container: [Key] = [
    Key("annotations", .pairs(.labels), goes: "HostConfig.Annotations"),
    Key("blkio_config", .fields(BlockIO.keys), goes: "HostConfig.BlkioWeight and its kin"),
    Key("cap_add", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.CapAdd"),
    Key("cap_drop", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.CapDrop"),
    Key("cgroup_parent", .string, never: "the pod's cgroup is the task's"),
    Key("cgroup", .word(["host", "private"]), goes: "HostConfig.CgroupnsMode"),
    Key("cpu_count", .integer(.within(0...Int64.max)), never: "for Windows"),
    Key("cpu_percent", .integer(.within(0...100)), never: "for Windows"),
    Key("cpu_period", .integer(.rounded), goes: "HostConfig.CpuPeriod"),
    Key("cpu_quota", .integer(.rounded), goes: "HostConfig.CpuQuota"),
    Key("cpu_rt_period", .integer(.rounded), goes: "HostConfig.CpuRealtimePeriod"),
    Key("cpu_rt_runtime", .integer(.rounded), goes: "HostConfig.CpuRealtimeRuntime"),
    Key("cpus", .decimal, goes: "HostConfig.NanoCpus"),
    Key("cpuset", .string, goes: "HostConfig.CpusetCpus"),
    Key("cpu_shares", .integer(.rounded), goes: "HostConfig.CpuShares"),
    Key("command", .command, goes: "Cmd"),
    Key("configs", FileMounts.shape, .append(identity: FileMounts.target), goes: "files in it"),
    Key("credential_spec", .fields(Credentials.keys), never: "for Windows"),
    Key("device_cgroup_rules", .distinctStrings, goes: "HostConfig.DeviceCgroupRules"),
    Key("devices", Devices.shape, .append(identity: Identity.target), goes: "HostConfig.Devices"),
    Key(
      "dns", .completing(Addresses.dropEmpty, .stringOrStrings), .append(identity: Identity.name),
      goes: "HostConfig.Dns"),
    Key(
      "dns_opt", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.DnsOptions"),
    Key(
      "dns_search", .stringOrStrings, .append(identity: Identity.name), goes: "HostConfig.DnsSearch"
    ),
    Key("domainname", .string, goes: "Domainname"),
    Key("entrypoint", .command, goes: "Entrypoint"),
    Key("environment", .pairs(.environment), goes: "Env"),
    Key("env_file", EnvironmentFiles.shape, .append(identity: Identity.path), goes: "Env"),
    Key("extra_hosts", .hosts, goes: "HostConfig.ExtraHosts"),
    Key("group_add", .texts, goes: "HostConfig.GroupAdd"),
    Key(
      "gpus", .completing(DeviceRequests.expandAll, DeviceRequests.gpus),
      goes: "HostConfig.DeviceRequests"),
    Key("hostname", .string, goes: "Hostname"),
    Key("image", .string, goes: "Image"),
    Key("init", .boolean, omit: .unset, goes: "HostConfig.Init"),
    Key("ipc", .string, goes: "HostConfig.IpcMode"),
    Key("isolation", .string, goes: "HostConfig.Isolation"),
    Key("labels", .pairs(.labels), goes: "Labels"),
    Key("label_file", .stringOrStrings, goes: "Labels"),
    Key("logging", .fields(Log.keys), .sameDriver, goes: "HostConfig.LogConfig"),
    Key("mem_limit", .bytes(.numberOrText), goes: "HostConfig.Memory"),
    Key("mem_reservation", .bytes(.wholeOrText), goes: "HostConfig.MemoryReservation"),
    Key("memswap_limit", .bytes(.numberOrText), goes: "HostConfig.MemorySwap"),
    Key("mem_swappiness", .bytes(.wholeOrText), goes: "HostConfig.MemorySwappiness"),
    Key("mac_address", .string, goes: "MacAddress"),
    Key(
      "models", .expanding(Models.expandNames, Models.attachments), never: "for desktops"),
    Key("network_mode", .string, goes: "HostConfig.NetworkMode"),
    Key(
      "networks", .expanding(Networks.expandNames, Networks.attachments), goes: "NetworkingConfig"),
    Key("oom_kill_disable", .boolean, goes: "HostConfig.OomKillDisable"),
    Key("oom_score_adj", .integer(.within(-1000...1000)), goes: "HostConfig.OomScoreAdj"),
    Key("pid", .string, goes: "HostConfig.PidMode"),
    Key("pids_limit", .integer(.rounded), goes: "HostConfig.PidsLimit"),
    Key("platform", .string, goes: "the image's platform"),
    Key("privileged", .boolean, goes: "HostConfig.Privileged"),
    Key("pull_policy", .matching(PullPolicies.pattern), goes: "when images are pulled"),
    Key("pull_refresh_after", .string, goes: "when images are pulled"),
    Key("read_only", .boolean, goes: "HostConfig.ReadonlyRootfs"),
    Key("runtime", .string, goes: "HostConfig.Runtime"),
    Key(
      "secrets", FileMounts.secrets, .append(identity: FileMounts.secretTarget),
      goes: "files in it"),
    Key("security_opt", .distinctStrings, goes: "HostConfig.SecurityOpt"),
    Key("shm_size", .bytes(.numberOrText), goes: "HostConfig.ShmSize"),
    Key("stop_grace_period", .duration, goes: "how long a stop may take"),
    Key("stop_signal", .string, goes: "StopSignal"),
    Key("storage_opt", .pairs(.storage), goes: "HostConfig.StorageOpt"),
    Key("sysctls", .pairs(.labels), goes: "HostConfig.Sysctls"),
    Key("tmpfs", .stringOrStrings, .append(identity: Identity.name), goes: "HostConfig.Tmpfs"),
    Key("ulimits", Ulimits.shape, goes: "HostConfig.Ulimits"),
    Key("use_api_socket", .strictBoolean, goes: "a mount of Docker's socket, without credentials"),
    Key("user", .string, goes: "User"),
    Key("userns_mode", .string, goes: "HostConfig.UsernsMode"),
    Key("uts", .string, goes: "HostConfig.UTSMode"),
    Key("volumes", Mounts.shape, .append(identity: Identity.target), goes: "HostConfig.Mounts"),
    Key("volumes_from", .distinctStrings, goes: "HostConfig.VolumesFrom"),
    Key("working_dir", .string, goes: "WorkingDir"),
  ]

  /// What is said of its image, and of its place among others.
  static let workload: [Key] = [
    Key("build", .expanding(Builds.expand, .fields(Builds.keys)), goes: "docker build"),
    Key("depends_on", .expanding(DependsOn.expand, DependsOn.shape), goes: "the order of starting"),
    Key("expose", .texts, .append(identity: Identity.scalar), goes: "ExposedPorts"),
    Key("healthcheck", .fields(Healthchecks.keys), goes: "Healthcheck"),
    Key(
      "ports", Ports.shape, .append(identity: Ports.identity, keepsPosition: true),
      goes: "HostConfig.PortBindings"),
    Key("stdin_open", .boolean, goes: "OpenStdin"),
    Key("tty", .boolean, goes: "Tty"),
  ]
}

/// What makes two entries of a list the same one.
enum Identity {
  /// The part before `=`.
  @Sendable static func name(_ node: YAMLNode) -> String? {
    node.string.map { $0.split("=").before }
  }
  /// The text of a string or a number.
  @Sendable static func scalar(_ node: YAMLNode) -> String? { node.scalarText }
  /// The entry's `target:`.
  @Sendable static func target(_ node: YAMLNode) -> String? { node["target"]?.string }
  /// The entry's `path:`.
  @Sendable static func path(_ node: YAMLNode) -> String? { node["path"]?.string }
}
