import OrderedCollections

/// The keys of a service in the format of Compose 1, one per line: name, shape, merge rule if it
/// isn't the shape's default, and today's key. Other keys were added in later formats.
enum LegacyKeys {
  static let table = KeyTable(
    "a service of a file without `services:`",
    [
      Key("build", .string, goes: "build.context"),
      Key("cap_add", .distinctStrings, .append(identity: Identity.scalar), goes: "cap_add"),
      Key("cap_drop", .distinctStrings, .append(identity: Identity.scalar), goes: "cap_drop"),
      Key("cgroup_parent", .string, goes: "cgroup_parent"),
      Key("command", command, .replace, goes: "command"),
      Key("container_name", .string, goes: "container_name"),
      Key("cpu_quota", .completing(LegacyForms.quota, .integer(.rounded)), goes: "cpu_quota"),
      Key("cpu_shares", .integer(.rounded), goes: "cpu_shares"),
      Key("cpuset", .string, goes: "cpuset"),
      Key("devices", .distinctStrings, .append(identity: LegacyForms.inside), goes: "devices"),
      Key("dns", .stringOrStrings, goes: "dns"),
      Key("dns_search", .stringOrStrings, goes: "dns_search"),
      Key("dockerfile", .string, goes: "build.dockerfile"),
      Key("domainname", .string, goes: "domainname"),
      Key("entrypoint", command, .replace, goes: "entrypoint"),
      Key("env_file", .stringOrStrings, goes: "env_file"),
      Key(
        "environment", .completing(LegacyForms.noBooleans, .pairs(.environment)),
        goes: "environment"),
      Key("expose", exposed, .append(identity: Identity.scalar), goes: "expose"),
      Key("extends", .expanding(Extends.expand, .fields(Extends.keys)), .replace, goes: "extends"),
      Key("external_links", .distinctStrings, .append(identity: Identity.scalar), goes: "itself"),
      Key(
        "extra_hosts", .expanding(LegacyForms.hosts, .names(.stringOrInteger, allowsNull: false)),
        goes: "extra_hosts"),
      Key("hostname", .string, goes: "hostname"),
      Key("image", .string, goes: "image"),
      Key("ipc", .string, goes: "ipc"),
      Key("labels", .completing(LegacyForms.noNulls, .pairs(.labels)), goes: "labels"),
      Key("links", .distinctStrings, .append(identity: LegacyForms.alias), goes: "links"),
      Key("log_driver", .string, goes: "logging.driver"),
      Key("log_opt", .names(.any, allowsNull: true), .replace, goes: "logging.options"),
      Key("mac_address", .string, goes: "mac_address"),
      Key("mem_limit", .bytes(.numberOrText), goes: "mem_limit"),
      Key("mem_swappiness", .integer(.plain), goes: "mem_swappiness"),
      Key("memswap_limit", .bytes(.numberOrText), goes: "memswap_limit"),
      Key("net", .string, goes: "network_mode"),
      Key("pid", .optional(.string), goes: "pid"),
      Key("ports", .texts, .append(identity: Identity.scalar), goes: "ports"),
      Key("privileged", .boolean, goes: "privileged"),
      Key("read_only", .boolean, goes: "read_only"),
      Key("restart", .matching(LegacyForms.restart), goes: "restart"),
      Key("security_opt", options, .append(identity: Identity.scalar), goes: "security_opt"),
      Key("shm_size", .bytes(.numberOrText), goes: "shm_size"),
      Key("stdin_open", .boolean, goes: "stdin_open"),
      Key("stop_signal", .string, goes: "stop_signal"),
      Key("tty", .boolean, goes: "tty"),
      Key("ulimits", .completing(LegacyForms.limits, Ulimits.shape), goes: "ulimits"),
      Key("user", .string, goes: "user"),
      Key("volume_driver", .string, goes: "volumes.*.driver"),
      Key("volumes", .distinctStrings, .append(identity: LegacyForms.inside), goes: "volumes"),
      Key("volumes_from", sources, .append(identity: Identity.scalar), goes: "volumes_from"),
      Key("working_dir", .string, goes: "working_dir"),
    ])

  private static let command = Shape.completing(LegacyForms.words, .strings)
  private static let exposed = Shape.completing(LegacyForms.each(LegacyForms.exposed), .texts)
  private static let options = Shape.completing(
    LegacyForms.each(LegacyForms.option), .distinctStrings)
  private static let sources = Shape.completing(
    LegacyForms.each(LegacyForms.source), .distinctStrings)
}
