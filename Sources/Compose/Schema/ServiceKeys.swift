import OrderedCollections
import YAML

/// The keys of a service (Compose specification, "Services"), one per line: name, shape, merge
/// rule, and field of the Engine API, in the order in which `config` prints them.
enum ServiceKeys {
  static let table = KeyTable(
    "a service", own + container + workload,
    readExtensions: [PodSettings.key], formerNames: ["x-develop": "develop"])

  /// The keys of the service itself.
  private static let own: [Key] = [
    Key(
      "profiles", .distinctStrings, .append(identity: Identity.name),
      goes: "whether the service is used",
      is: .harmless),
    Key(
      "deploy", .optional(.fields(Deployment.keys)), goes: "limits, and the number of containers",
      is: .harmless),
    Key("develop", .optional(.fields(Development.keys)), never: "for desktops"),
    Key("provider", .fields(Providers.keys), never: "for desktops"),
    Key(
      "extends", .expanding(Extends.expand, .fields(Extends.keys)), goes: "another service",
      is: .hostPath(.read)),
    Key("restart", .string, goes: "applied by the executor", is: .harmless),
    Key(
      "scale", .integer(.plain), omit: .unset, goes: "the number of containers",
      is: .needs(.maxContainers)),
    Key("attach", .boolean, omit: .unset, goes: "whether its output is printed", is: .harmless),
    Key(
      "container_name", .matching(Names.container), goes: "the container's name, after the task ID",
      is: .confined("prefixed with the task ID")),
    Key("external_links", .distinctStrings, goes: "HostConfig.Links", is: .needs(.hostNamespaces)),
    Key(
      "links", .distinctStrings, .append(identity: Identity.name), goes: "aliases, or ExtraHosts",
      is: .harmless),
    Key(
      "pre_start", .list(.fields(Hooks.preStartKeys)), goes: "a container that runs first",
      is: .confined("checked like a service")),
    Key("post_start", .list(.fields(Hooks.keys)), goes: "an exec after the start", is: .harmless),
    Key("pre_stop", .list(.fields(Hooks.keys)), goes: "an exec before the stop", is: .harmless),
  ]

  /// The keys of its container.
  static let container: [Key] = [
    Key("annotations", .pairs(.labels), goes: "HostConfig.Annotations", is: .needs(.annotations)),
    Key(
      "blkio_config", .fields(BlockIO.keys), goes: "HostConfig.Blkio…",
      is: .harmless),
    Key(
      "cap_add", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.CapAdd",
      is: .needs(.capabilities)),
    Key(
      "cap_drop", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.CapDrop",
      is: .harmless),
    Key("cgroup_parent", .string, never: "the pod's cgroup is the task's"),
    Key(
      "cgroup", .word(["host", "private"]), goes: "HostConfig.CgroupnsMode",
      is: .needs(.hostNamespaces)),
    Key("cpu_count", .integer(.within(0...Int64.max)), never: "for Windows"),
    Key("cpu_percent", .integer(.within(0...100)), never: "for Windows"),
    Key("cpu_period", .integer(.rounded), goes: "HostConfig.CpuPeriod", is: .harmless),
    Key("cpu_quota", .integer(.rounded), goes: "HostConfig.CpuQuota", is: .harmless),
    Key(
      "cpu_rt_period", .integer(.rounded), goes: "HostConfig.CpuRealtimePeriod",
      is: .needs(.privileged)),
    Key(
      "cpu_rt_runtime", .integer(.rounded), goes: "HostConfig.CpuRealtimeRuntime",
      is: .needs(.privileged)),
    Key("cpus", .decimal, goes: "HostConfig.NanoCpus", is: .harmless),
    Key("cpuset", .string, goes: "HostConfig.CpusetCpus", is: .harmless),
    Key("cpu_shares", .integer(.rounded), goes: "HostConfig.CpuShares", is: .harmless),
    Key("command", .command, goes: "Cmd", is: .harmless),
    Key(
      "configs", FileMounts.shape, .append(identity: FileMounts.target),
      goes: "files in the container",
      is: .harmless),
    Key("credential_spec", .fields(Credentials.keys), never: "for Windows"),
    Key(
      "device_cgroup_rules", .distinctStrings, goes: "HostConfig.DeviceCgroupRules",
      is: .needs(.devices)),
    Key(
      "devices", Devices.shape, .append(identity: Identity.target), goes: "HostConfig.Devices",
      is: .needs(.devices)),
    Key(
      "dns", .completing(Addresses.dropEmpty, .stringOrStrings), .append(identity: Identity.name),
      goes: "HostConfig.Dns", is: .harmless),
    Key(
      "dns_opt", .distinctStrings, .append(identity: Identity.name), goes: "HostConfig.DnsOptions",
      is: .harmless),
    Key(
      "dns_search", .stringOrStrings, .append(identity: Identity.name),
      goes: "HostConfig.DnsSearch", is: .harmless),
    Key("domainname", .string, goes: "Domainname", is: .harmless),
    Key("entrypoint", .command, goes: "Entrypoint", is: .harmless),
    Key("environment", .pairs(.environment), goes: "Env", is: .harmless),
    Key(
      "env_file", EnvironmentFiles.shape, .append(identity: Identity.path), goes: "Env",
      is: .harmless),
    Key("extra_hosts", .hosts, goes: "HostConfig.ExtraHosts", is: .harmless),
    Key("group_add", .texts, goes: "HostConfig.GroupAdd", is: .harmless),
    Key(
      "gpus", .completing(DeviceRequests.expandAll, DeviceRequests.gpus),
      goes: "HostConfig.DeviceRequests", is: .needs(.devices)),
    Key("hostname", .string, goes: "Hostname", is: .harmless),
    Key("image", .string, goes: "Image", is: .needs(.registries)),
    Key("init", .boolean, omit: .unset, goes: "HostConfig.Init", is: .harmless),
    Key("ipc", .string, goes: "HostConfig.IpcMode", is: .needs(.hostNamespaces)),
    Key(
      "isolation", .string, goes: "HostConfig.Isolation",
      is: .confined("only the engine's default")),
    Key("labels", .pairs(.labels), goes: "Labels", is: .confined("not the executor's own keys")),
    Key("label_file", EnvironmentFiles.labelFiles, goes: "Labels", is: .hostPath(.read)),
    Key("logging", .fields(Log.keys), .sameDriver, goes: "HostConfig.LogConfig", is: .harmless),
    Key("mem_limit", .bytes(.numberOrText), goes: "HostConfig.Memory", is: .harmless),
    Key(
      "mem_reservation", .bytes(.wholeOrText), goes: "HostConfig.MemoryReservation", is: .harmless),
    Key("memswap_limit", .bytes(.numberOrText), goes: "HostConfig.MemorySwap", is: .harmless),
    Key("mem_swappiness", .bytes(.wholeOrText), goes: "HostConfig.MemorySwappiness", is: .harmless),
    Key(
      "mac_address", .string, goes: "MacAddress", is: .confined("only on the pod's own networks")),
    Key(
      "models", .expanding(Models.expandNames, Models.attachments), never: "for desktops"),
    Key("network_mode", .string, goes: "HostConfig.NetworkMode", is: .network(.networks)),
    Key(
      "networks", .expanding(Networks.expandNames, Networks.attachments), goes: "NetworkingConfig",
      is: .harmless),
    Key("oom_kill_disable", .boolean, goes: "HostConfig.OomKillDisable", is: .needs(.privileged)),
    Key(
      "oom_score_adj", .integer(.within(-1000...1000)), goes: "HostConfig.OomScoreAdj",
      is: .confined("a negative value needs privileged")),
    Key("pid", .string, goes: "HostConfig.PidMode", is: .needs(.hostNamespaces)),
    Key("pids_limit", .integer(.rounded), goes: "HostConfig.PidsLimit", is: .needs(.maxPids)),
    Key("platform", .string, goes: "the image's platform", is: .harmless),
    Key("privileged", .boolean, goes: "HostConfig.Privileged", is: .needs(.privileged)),
    Key(
      "pull_policy", .matching(PullPolicies.pattern), goes: "when the image is pulled",
      is: .harmless),
    Key("pull_refresh_after", .string, goes: "when the image is pulled", is: .harmless),
    Key("read_only", .boolean, goes: "HostConfig.ReadonlyRootfs", is: .harmless),
    Key("runtime", .string, goes: "HostConfig.Runtime", is: .needs(.runtimes)),
    Key(
      "secrets", FileMounts.secrets, .append(identity: FileMounts.secretTarget),
      goes: "files in the container", is: .harmless),
    Key("security_opt", .distinctStrings, goes: "HostConfig.SecurityOpt", is: .needs(.securityOpt)),
    Key("shm_size", .bytes(.numberOrText), goes: "HostConfig.ShmSize", is: .harmless),
    Key("stop_grace_period", .duration, goes: "the grace period of a stop", is: .harmless),
    Key("stop_signal", .string, goes: "StopSignal", is: .harmless),
    Key("storage_opt", .pairs(.storage), goes: "HostConfig.StorageOpt", is: .needs(.storageOpt)),
    Key("sysctls", .pairs(.labels), goes: "HostConfig.Sysctls", is: .needs(.sysctls)),
    Key(
      "tmpfs", .stringOrStrings, .append(identity: Identity.name), goes: "HostConfig.Tmpfs",
      is: .harmless),
    Key("ulimits", Ulimits.shape, goes: "HostConfig.Ulimits", is: .needs(.ulimits)),
    Key(
      "use_api_socket", .strictBoolean, goes: "a mount of Docker's socket, without credentials",
      is: .needs(.dockerSocket)),
    Key("user", .string, goes: "User", is: .harmless),
    Key("userns_mode", .string, goes: "HostConfig.UsernsMode", is: .needs(.hostNamespaces)),
    Key("uts", .string, goes: "HostConfig.UTSMode", is: .needs(.hostNamespaces)),
    Key(
      "volumes", Mounts.shape, .append(identity: Identity.target), goes: "HostConfig.Mounts",
      is: .harmless),
    Key(
      "volumes_from", .distinctStrings, goes: "HostConfig.VolumesFrom",
      is: .confined("a container outside the pod needs host-namespaces")),
    Key("working_dir", .string, goes: "WorkingDir", is: .harmless),
  ]

  /// The keys of its image and of its relation to other services.
  static let workload: [Key] = [
    Key(
      "build", .expanding(Builds.expand, .fields(Builds.keys)), goes: "docker build",
      is: .needs(.build)),
    Key(
      "depends_on", .expanding(DependsOn.expand, DependsOn.shape), goes: "the order of starts",
      is: .harmless),
    Key("expose", .texts, .append(identity: Identity.scalar), goes: "ExposedPorts", is: .harmless),
    Key("healthcheck", .fields(Healthchecks.keys), goes: "Healthcheck", is: .harmless),
    Key(
      "ports", Ports.shape, .append(identity: Ports.identity, keepsPosition: true),
      goes: "HostConfig.PortBindings", is: .needs(.publishedPorts)),
    Key("stdin_open", .boolean, goes: "OpenStdin", is: .harmless),
    Key("tty", .boolean, goes: "Tty", is: .harmless),
  ]
}

/// Functions that decide whether two list entries are the same entry.
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
