import OrderedCollections

/// The keys of a service in the format of Compose 1, one per line: name, shape, merge rule if it
/// isn't the shape's default, and today's key. Other keys were added in later formats.
enum LegacyKeys {
  static let table = ObjectSchema(
    "a service of a file without `services:`",
    [
      SchemaProperty("build", .string, mapsTo: "build.context"),
      SchemaProperty(
        "cap_add", .distinctStrings, .append(identity: Identity.scalar), mapsTo: "cap_add"),
      SchemaProperty(
        "cap_drop", .distinctStrings, .append(identity: Identity.scalar), mapsTo: "cap_drop"),
      SchemaProperty("cgroup_parent", .string, mapsTo: "cgroup_parent"),
      SchemaProperty("command", command, .replace, mapsTo: "command"),
      SchemaProperty("container_name", .string, mapsTo: "container_name"),
      SchemaProperty(
        "cpu_quota", .completing(LegacyForms.quota, .integer(.rounded)), mapsTo: "cpu_quota"),
      SchemaProperty("cpu_shares", .integer(.rounded), mapsTo: "cpu_shares"),
      SchemaProperty("cpuset", .string, mapsTo: "cpuset"),
      SchemaProperty(
        "devices", .distinctStrings, .append(identity: LegacyForms.inside), mapsTo: "devices"),
      SchemaProperty("dns", .stringOrStrings, mapsTo: "dns"),
      SchemaProperty("dns_search", .stringOrStrings, mapsTo: "dns_search"),
      SchemaProperty("dockerfile", .string, mapsTo: "build.dockerfile"),
      SchemaProperty("domainname", .string, mapsTo: "domainname"),
      SchemaProperty("entrypoint", command, .replace, mapsTo: "entrypoint"),
      SchemaProperty("env_file", .stringOrStrings, mapsTo: "env_file"),
      SchemaProperty(
        "environment", .completing(LegacyForms.noBooleans, .pairs(.environment)),
        mapsTo: "environment"),
      SchemaProperty("expose", exposed, .append(identity: Identity.scalar), mapsTo: "expose"),
      SchemaProperty(
        "extends", .expanding(Extends.expand, .fields(Extends.keys)), .replace, mapsTo: "extends"),
      SchemaProperty(
        "external_links", .distinctStrings, .append(identity: Identity.scalar), mapsTo: "itself"),
      SchemaProperty(
        "extra_hosts", .expanding(LegacyForms.hosts, .names(.stringOrInteger, allowsNull: false)),
        mapsTo: "extra_hosts"),
      SchemaProperty("hostname", .string, mapsTo: "hostname"),
      SchemaProperty("image", .string, mapsTo: "image"),
      SchemaProperty("ipc", .string, mapsTo: "ipc"),
      SchemaProperty("labels", .completing(LegacyForms.noNulls, .pairs(.labels)), mapsTo: "labels"),
      SchemaProperty(
        "links", .distinctStrings, .append(identity: LegacyForms.alias), mapsTo: "links"),
      SchemaProperty("log_driver", .string, mapsTo: "logging.driver"),
      SchemaProperty(
        "log_opt", .names(.any, allowsNull: true), .replace, mapsTo: "logging.options"),
      SchemaProperty("mac_address", .string, mapsTo: "mac_address"),
      SchemaProperty("mem_limit", .bytes(.numberOrText), mapsTo: "mem_limit"),
      SchemaProperty("mem_swappiness", .integer(.plain), mapsTo: "mem_swappiness"),
      SchemaProperty("memswap_limit", .bytes(.numberOrText), mapsTo: "memswap_limit"),
      SchemaProperty("net", .string, mapsTo: "network_mode"),
      SchemaProperty("pid", .optional(.string), mapsTo: "pid"),
      SchemaProperty("ports", .texts, .append(identity: Identity.scalar), mapsTo: "ports"),
      SchemaProperty("privileged", .boolean, mapsTo: "privileged"),
      SchemaProperty("read_only", .boolean, mapsTo: "read_only"),
      SchemaProperty("restart", .matching(LegacyForms.restart), mapsTo: "restart"),
      SchemaProperty(
        "security_opt", options, .append(identity: Identity.scalar), mapsTo: "security_opt"),
      SchemaProperty("shm_size", .bytes(.numberOrText), mapsTo: "shm_size"),
      SchemaProperty("stdin_open", .boolean, mapsTo: "stdin_open"),
      SchemaProperty("stop_signal", .string, mapsTo: "stop_signal"),
      SchemaProperty("tty", .boolean, mapsTo: "tty"),
      SchemaProperty("ulimits", .completing(LegacyForms.limits, Ulimits.shape), mapsTo: "ulimits"),
      SchemaProperty("user", .string, mapsTo: "user"),
      SchemaProperty("volume_driver", .string, mapsTo: "volumes.*.driver"),
      SchemaProperty(
        "volumes", .distinctStrings, .append(identity: LegacyForms.inside), mapsTo: "volumes"),
      SchemaProperty(
        "volumes_from", sources, .append(identity: Identity.scalar), mapsTo: "volumes_from"),
      SchemaProperty("working_dir", .string, mapsTo: "working_dir"),
    ])

  private static let command = SchemaType.completing(LegacyForms.words, .strings)
  private static let exposed = SchemaType.completing(LegacyForms.each(LegacyForms.exposed), .texts)
  private static let options = SchemaType.completing(
    LegacyForms.each(LegacyForms.option), .distinctStrings)
  private static let sources = SchemaType.completing(
    LegacyForms.each(LegacyForms.source), .distinctStrings)
}
