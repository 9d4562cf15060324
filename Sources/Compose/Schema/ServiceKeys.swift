/// The keys of a service (Compose specification, "Services"), each in one line: name, form, merge
/// rule, and where it goes in the Engine API.
enum ServiceKeys {
  static let table = KeyTable("a service", keys)

  private static let keys: [Key] = [
    Key("profiles", .later),
    Key("deploy", .later),
    Key("develop", .later),
    Key("provider", .later),
    Key("extends", .later),
    Key("restart", .string, goes: "kept by the executor"),
    Key("scale", .later),
    Key("attach", .later),
    Key("container_name", .string, goes: "the container's name, after the task ID"),
    Key("external_links", .distinctStrings, goes: "HostConfig.Links"),
    Key("links", .strings, .append(identity: Identity.name), goes: "aliases, or ExtraHosts"),
    Key("pre_start", .later),
    Key("post_start", .later),
    Key("pre_stop", .later),
    Key("annotations", .later),
    Key("blkio_config", .later),
    Key("cap_add", .strings, goes: "HostConfig.CapAdd"),
    Key("cap_drop", .strings, goes: "HostConfig.CapDrop"),
    Key("cgroup_parent", .later),
    Key("cgroup", .later),
    Key("cpu_count", .later),
    Key("cpu_percent", .later),
    Key("cpu_period", .integer, goes: "HostConfig.CpuPeriod"),
    Key("cpu_quota", .integer, goes: "HostConfig.CpuQuota"),
    Key("cpu_rt_period", .later),
    Key("cpu_rt_runtime", .later),
    Key("cpus", .decimal, goes: "HostConfig.NanoCpus"),
    Key("cpuset", .string, goes: "HostConfig.CpusetCpus"),
    Key("cpu_shares", .integer, goes: "HostConfig.CpuShares"),
    Key("command", .command, goes: "Cmd"),
    Key("configs", .later),
    Key("credential_spec", .later),
    Key("device_cgroup_rules", .later),
    Key(
      "devices", .expanding(Devices.expand, .list(.fields(Devices.keys))),
      .append(identity: Identity.target), goes: "HostConfig.Devices"),
    Key("dns", .stringOrStrings, goes: "HostConfig.Dns"),
    Key("dns_opt", .later),
    Key("dns_search", .stringOrStrings, goes: "HostConfig.DnsSearch"),
    Key("domainname", .string, goes: "Domainname"),
    Key("entrypoint", .command, goes: "Entrypoint"),
    Key("environment", .pairs(.environment), goes: "Env"),
    Key(
      "env_file", .expanding(EnvironmentFiles.expand, .list(.fields(EnvironmentFiles.keys))),
      .append(identity: Identity.path), goes: "Env"),
    Key(
      "extra_hosts", .expanding(ExtraHosts.expand, .strings), .append(identity: \.string),
      goes: "HostConfig.ExtraHosts"),
    Key("group_add", .later),
    Key("gpus", .later),
    Key("hostname", .string, goes: "Hostname"),
    Key("image", .string, goes: "Image"),
    Key("init", .boolean, omit: .unset, goes: "HostConfig.Init"),
    Key("ipc", .string, goes: "HostConfig.IpcMode"),
    Key("isolation", .later),
    Key("labels", .pairs(.labels), goes: "Labels"),
    Key("label_file", .later),
    Key("logging", .fields(loggingKeys), .sameDriver, goes: "HostConfig.LogConfig"),
    Key("mem_limit", .bytes, goes: "HostConfig.Memory"),
    Key("mem_reservation", .bytes, goes: "HostConfig.MemoryReservation"),
    Key("memswap_limit", .bytes, goes: "HostConfig.MemorySwap"),
    Key("mem_swappiness", .later),
    Key("mac_address", .later),
    Key("models", .later),
    Key("network_mode", .string, goes: "HostConfig.NetworkMode"),
    Key(
      "networks",
      .expanding(Networks.expandNames, .names(.fields(Networks.attachmentKeys), allowsNull: true)),
      goes: "NetworkingConfig.EndpointsConfig"),
    Key("oom_kill_disable", .later),
    Key("oom_score_adj", .later),
    Key("pid", .optionalString, goes: "HostConfig.PidMode"),
    Key("pids_limit", .later),
    Key("platform", .later),
    Key("privileged", .boolean, goes: "HostConfig.Privileged"),
    Key("pull_policy", .string, goes: "when images are pulled"),
    Key("pull_refresh_after", .later),
    Key("read_only", .boolean, goes: "HostConfig.ReadonlyRootfs"),
    Key("runtime", .later),
    Key("secrets", .later),
    Key("security_opt", .distinctStrings, goes: "HostConfig.SecurityOpt"),
    Key("shm_size", .bytes, goes: "HostConfig.ShmSize"),
    Key("stop_grace_period", .duration, goes: "how long a stop may take"),
    Key("stop_signal", .string, goes: "StopSignal"),
    Key("storage_opt", .later),
    Key("sysctls", .later),
    Key("tmpfs", .stringOrStrings, goes: "HostConfig.Tmpfs"),
    Key("ulimits", .later),
    Key("use_api_socket", .later),
    Key("user", .string, goes: "User"),
    Key("userns_mode", .later),
    Key("uts", .later),
    Key(
      "volumes", .expanding(Mounts.expand, .list(.fields(Mounts.keys))),
      .append(identity: Identity.target), goes: "HostConfig.Mounts"),
    Key("volumes_from", .distinctStrings, goes: "HostConfig.VolumesFrom"),
    Key("working_dir", .string, goes: "WorkingDir"),
    Key("build", .expanding(Builds.expand, .fields(Builds.keys)), goes: "docker build"),
    Key(
      "depends_on",
      .expanding(DependsOn.expand, .names(.fields(DependsOn.keys), allowsNull: false)),
      goes: "the order of starting"),
    Key("expose", .texts, goes: "ExposedPorts"),
    Key("healthcheck", .fields(healthcheckKeys), goes: "Healthcheck"),
    Key(
      "ports", .expanding(Ports.expand, .list(.fields(Ports.keys))),
      .append(identity: Ports.identity), goes: "HostConfig.PortBindings"),
    Key("stdin_open", .boolean, goes: "OpenStdin"),
    Key("tty", .boolean, goes: "Tty"),
  ]

  static let loggingKeys = KeyTable(
    "`logging`",
    [
      Key("driver", .string, goes: "LogConfig.Type"),
      Key("options", .pairs(.options), goes: "LogConfig.Config"),
    ])

  static let healthcheckKeys = KeyTable(
    "`healthcheck`",
    [
      Key("test", .test, goes: "Healthcheck.Test"),
      Key("timeout", .duration, goes: "Healthcheck.Timeout"),
      Key("interval", .duration, goes: "Healthcheck.Interval"),
      Key("retries", .integer, omit: .unset, goes: "Healthcheck.Retries"),
      Key("start_period", .duration, goes: "Healthcheck.StartPeriod"),
      Key("start_interval", .duration, goes: "Healthcheck.StartInterval"),
      Key("disable", .boolean, goes: "Healthcheck.Test NONE"),
    ])
}

/// What makes two entries of a list the same one.
enum Identity {
  /// The part before `=`.
  @Sendable static func name(_ node: YAMLNode) -> String? {
    node.string.map { $0.split("=").before }
  }
  /// The entry's `target:`.
  @Sendable static func target(_ node: YAMLNode) -> String? { node["target"]?.string }
  /// The entry's `path:`.
  @Sendable static func path(_ node: YAMLNode) -> String? { node["path"]?.string }
}
