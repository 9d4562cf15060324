import OrderedCollections
import YAML

/// The keys of a service (Compose specification, "Services"), one per line: name, shape, merge
/// rule, and field of the Engine API, in the order in which `config` prints them.
enum ServiceKeys {
  static let table = ObjectSchema(
    "a service", own + container + workload,
    readExtensions: [PodSettings.key], formerNames: ["x-develop": "develop"])

  /// The keys of the service itself.
  private static let own: [SchemaProperty] = [
    SchemaProperty(
      "profiles", .distinctStrings, .append(identity: Identity.name),
      mapsTo: "whether the service is used",
      is: .harmless),
    SchemaProperty(
      "deploy", .optional(.fields(Deployment.keys)), mapsTo: "limits, and the number of containers",
      is: .harmless),
    SchemaProperty("develop", .optional(.fields(Development.keys)), never: "for desktops"),
    SchemaProperty("provider", .fields(Providers.keys), never: "for desktops"),
    SchemaProperty(
      "extends", .expanding(Extends.expand, .fields(Extends.keys)), mapsTo: "another service",
      is: .hostPath(.read)),
    SchemaProperty("restart", .string, mapsTo: "applied by the executor", is: .harmless),
    SchemaProperty(
      "scale", .integer(.plain), omit: .unset, mapsTo: "the number of containers",
      is: .needs(.maxContainers)),
    SchemaProperty(
      "attach", .boolean, omit: .unset, mapsTo: "whether its output is printed", is: .harmless),
    SchemaProperty(
      "container_name", .matching(Names.container),
      mapsTo: "the container's name, after the task ID",
      is: .confined("prefixed with the task ID")),
    SchemaProperty(
      "external_links", .distinctStrings, mapsTo: "HostConfig.Links", is: .needs(.hostNamespaces)),
    SchemaProperty(
      "links", .distinctStrings, .append(identity: Identity.name), mapsTo: "aliases, or ExtraHosts",
      is: .harmless),
    SchemaProperty(
      "pre_start", .list(.fields(Hooks.preStartKeys)), mapsTo: "a container that runs first",
      is: .confined("checked like a service")),
    SchemaProperty(
      "post_start", .list(.fields(Hooks.keys)), mapsTo: "an exec after the start", is: .harmless),
    SchemaProperty(
      "pre_stop", .list(.fields(Hooks.keys)), mapsTo: "an exec before the stop", is: .harmless),
  ]

  /// The keys of its container.
  static let container: [SchemaProperty] = [
    SchemaProperty(
      "annotations", .pairs(.labels), mapsTo: "HostConfig.Annotations", is: .needs(.annotations)),
    SchemaProperty(
      "blkio_config", .fields(BlockIO.keys), mapsTo: "HostConfig.Blkio…",
      is: .harmless),
    SchemaProperty(
      "cap_add", .distinctStrings, .append(identity: Identity.name), mapsTo: "HostConfig.CapAdd",
      is: .needs(.capabilities)),
    SchemaProperty(
      "cap_drop", .distinctStrings, .append(identity: Identity.name), mapsTo: "HostConfig.CapDrop",
      is: .harmless),
    SchemaProperty("cgroup_parent", .string, never: "the pod's cgroup is the task's"),
    SchemaProperty(
      "cgroup", .word(["host", "private"]), mapsTo: "HostConfig.CgroupnsMode",
      is: .needs(.hostNamespaces)),
    SchemaProperty("cpu_count", .integer(.within(0...Int64.max)), never: "for Windows"),
    SchemaProperty("cpu_percent", .integer(.within(0...100)), never: "for Windows"),
    SchemaProperty("cpu_period", .integer(.rounded), mapsTo: "HostConfig.CpuPeriod", is: .harmless),
    SchemaProperty("cpu_quota", .integer(.rounded), mapsTo: "HostConfig.CpuQuota", is: .harmless),
    SchemaProperty(
      "cpu_rt_period", .integer(.rounded), mapsTo: "HostConfig.CpuRealtimePeriod",
      is: .needs(.privileged)),
    SchemaProperty(
      "cpu_rt_runtime", .integer(.rounded), mapsTo: "HostConfig.CpuRealtimeRuntime",
      is: .needs(.privileged)),
    SchemaProperty("cpus", .decimal, mapsTo: "HostConfig.NanoCpus", is: .harmless),
    SchemaProperty("cpuset", .string, mapsTo: "HostConfig.CpusetCpus", is: .harmless),
    SchemaProperty("cpu_shares", .integer(.rounded), mapsTo: "HostConfig.CpuShares", is: .harmless),
    SchemaProperty("command", .command, mapsTo: "Cmd", is: .harmless),
    SchemaProperty(
      "configs", FileMounts.shape, .append(identity: FileMounts.target),
      mapsTo: "files in the container",
      is: .harmless),
    SchemaProperty("credential_spec", .fields(Credentials.keys), never: "for Windows"),
    SchemaProperty(
      "device_cgroup_rules", .distinctStrings, mapsTo: "HostConfig.DeviceCgroupRules",
      is: .needs(.devices)),
    SchemaProperty(
      "devices", Devices.shape, .append(identity: Identity.target), mapsTo: "HostConfig.Devices",
      is: .needs(.devices)),
    SchemaProperty(
      "dns", .completing(Addresses.dropEmpty, .stringOrStrings), .append(identity: Identity.name),
      mapsTo: "HostConfig.Dns", is: .harmless),
    SchemaProperty(
      "dns_opt", .distinctStrings, .append(identity: Identity.name),
      mapsTo: "HostConfig.DnsOptions",
      is: .harmless),
    SchemaProperty(
      "dns_search", .stringOrStrings, .append(identity: Identity.name),
      mapsTo: "HostConfig.DnsSearch", is: .harmless),
    SchemaProperty("domainname", .string, mapsTo: "Domainname", is: .harmless),
    SchemaProperty("entrypoint", .command, mapsTo: "Entrypoint", is: .harmless),
    SchemaProperty("environment", .pairs(.environment), mapsTo: "Env", is: .harmless),
    SchemaProperty(
      "env_file", EnvironmentFiles.shape, .append(identity: Identity.path), mapsTo: "Env",
      is: .harmless),
    SchemaProperty("extra_hosts", .hosts, mapsTo: "HostConfig.ExtraHosts", is: .harmless),
    SchemaProperty("group_add", .texts, mapsTo: "HostConfig.GroupAdd", is: .harmless),
    SchemaProperty(
      "gpus", .completing(DeviceRequests.expandAll, DeviceRequests.gpus),
      mapsTo: "HostConfig.DeviceRequests", is: .needs(.devices)),
    SchemaProperty("hostname", .string, mapsTo: "Hostname", is: .harmless),
    SchemaProperty("image", .string, mapsTo: "Image", is: .needs(.registries)),
    SchemaProperty("init", .boolean, omit: .unset, mapsTo: "HostConfig.Init", is: .harmless),
    SchemaProperty("ipc", .string, mapsTo: "HostConfig.IpcMode", is: .needs(.hostNamespaces)),
    SchemaProperty(
      "isolation", .string, mapsTo: "HostConfig.Isolation",
      is: .confined("only the engine's default")),
    SchemaProperty(
      "labels", .pairs(.labels), mapsTo: "Labels", is: .confined("not the executor's own keys")),
    SchemaProperty(
      "label_file", EnvironmentFiles.labelFiles, mapsTo: "Labels", is: .hostPath(.read)),
    SchemaProperty(
      "logging", .fields(Log.keys), .sameDriver, mapsTo: "HostConfig.LogConfig", is: .harmless),
    SchemaProperty("mem_limit", .bytes(.numberOrText), mapsTo: "HostConfig.Memory", is: .harmless),
    SchemaProperty(
      "mem_reservation", .bytes(.wholeOrText), mapsTo: "HostConfig.MemoryReservation", is: .harmless
    ),
    SchemaProperty(
      "memswap_limit", .bytes(.numberOrText), mapsTo: "HostConfig.MemorySwap", is: .harmless),
    SchemaProperty(
      "mem_swappiness", .bytes(.wholeOrText), mapsTo: "HostConfig.MemorySwappiness", is: .harmless),
    SchemaProperty(
      "mac_address", .string, mapsTo: "MacAddress", is: .confined("only on the pod's own networks")),
    SchemaProperty(
      "models", .expanding(Models.expandNames, Models.attachments), never: "for desktops"),
    SchemaProperty(
      "network_mode", .string, mapsTo: "HostConfig.NetworkMode", is: .network(.networks)),
    SchemaProperty(
      "networks", .expanding(Networks.expandNames, Networks.attachments),
      mapsTo: "NetworkingConfig",
      is: .harmless),
    SchemaProperty(
      "oom_kill_disable", .boolean, mapsTo: "HostConfig.OomKillDisable", is: .needs(.privileged)),
    SchemaProperty(
      "oom_score_adj", .integer(.within(-1000...1000)), mapsTo: "HostConfig.OomScoreAdj",
      is: .confined("a negative value needs privileged")),
    SchemaProperty("pid", .string, mapsTo: "HostConfig.PidMode", is: .needs(.hostNamespaces)),
    SchemaProperty(
      "pids_limit", .integer(.rounded), mapsTo: "HostConfig.PidsLimit", is: .needs(.maxPids)),
    SchemaProperty("platform", .string, mapsTo: "the image's platform", is: .harmless),
    SchemaProperty(
      "privileged", .boolean, mapsTo: "HostConfig.Privileged", is: .needs(.privileged)),
    SchemaProperty(
      "pull_policy", .matching(PullPolicies.pattern), mapsTo: "when the image is pulled",
      is: .harmless),
    SchemaProperty(
      "pull_refresh_after", .string, mapsTo: "when the image is pulled", is: .harmless),
    SchemaProperty("read_only", .boolean, mapsTo: "HostConfig.ReadonlyRootfs", is: .harmless),
    SchemaProperty("runtime", .string, mapsTo: "HostConfig.Runtime", is: .needs(.runtimes)),
    SchemaProperty(
      "secrets", FileMounts.secrets, .append(identity: FileMounts.secretTarget),
      mapsTo: "files in the container", is: .harmless),
    SchemaProperty(
      "security_opt", .distinctStrings, mapsTo: "HostConfig.SecurityOpt", is: .needs(.securityOpt)),
    SchemaProperty("shm_size", .bytes(.numberOrText), mapsTo: "HostConfig.ShmSize", is: .harmless),
    SchemaProperty(
      "stop_grace_period", .duration, mapsTo: "the grace period of a stop", is: .harmless),
    SchemaProperty("stop_signal", .string, mapsTo: "StopSignal", is: .harmless),
    SchemaProperty(
      "storage_opt", .pairs(.storage), mapsTo: "HostConfig.StorageOpt", is: .needs(.storageOpt)),
    SchemaProperty("sysctls", .pairs(.labels), mapsTo: "HostConfig.Sysctls", is: .needs(.sysctls)),
    SchemaProperty(
      "tmpfs", .stringOrStrings, .append(identity: Identity.name), mapsTo: "HostConfig.Tmpfs",
      is: .harmless),
    SchemaProperty("ulimits", Ulimits.shape, mapsTo: "HostConfig.Ulimits", is: .needs(.ulimits)),
    SchemaProperty(
      "use_api_socket", .strictBoolean, mapsTo: "a mount of Docker's socket, without credentials",
      is: .needs(.dockerSocket)),
    SchemaProperty("user", .string, mapsTo: "User", is: .harmless),
    SchemaProperty(
      "userns_mode", .string, mapsTo: "HostConfig.UsernsMode", is: .needs(.hostNamespaces)),
    SchemaProperty("uts", .string, mapsTo: "HostConfig.UTSMode", is: .needs(.hostNamespaces)),
    SchemaProperty(
      "volumes", Mounts.shape, .append(identity: Identity.target), mapsTo: "HostConfig.Mounts",
      is: .harmless),
    SchemaProperty(
      "volumes_from", .distinctStrings, mapsTo: "HostConfig.VolumesFrom",
      is: .confined("a container outside the pod needs host-namespaces")),
    SchemaProperty("working_dir", .string, mapsTo: "WorkingDir", is: .harmless),
  ]

  /// The keys of its image and of its relation to other services.
  static let workload: [SchemaProperty] = [
    SchemaProperty(
      "build", .expanding(Builds.expand, .fields(Builds.keys)), mapsTo: "docker build",
      is: .needs(.build)),
    SchemaProperty(
      "depends_on", .expanding(DependsOn.expand, DependsOn.shape), mapsTo: "the order of starts",
      is: .harmless),
    SchemaProperty(
      "expose", .texts, .append(identity: Identity.scalar), mapsTo: "ExposedPorts", is: .harmless),
    SchemaProperty("healthcheck", .fields(Healthchecks.keys), mapsTo: "Healthcheck", is: .harmless),
    SchemaProperty(
      "ports", Ports.shape, .append(identity: Ports.identity, keepsPosition: true),
      mapsTo: "HostConfig.PortBindings", is: .needs(.publishedPorts)),
    SchemaProperty("stdin_open", .boolean, mapsTo: "OpenStdin", is: .harmless),
    SchemaProperty("tty", .boolean, mapsTo: "Tty", is: .harmless),
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
