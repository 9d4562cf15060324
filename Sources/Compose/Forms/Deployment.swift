import OrderedCollections

/// `deploy:` of a service (Compose Deploy specification).
enum Deployment {
  static let keys = KeyTable(
    "`deploy`",
    [
      Key("mode", .string, later: "nothing: a swarm's"),
      Key("replicas", .integer(.plain), omit: .unset, later: "how many containers"),
      Key("labels", .pairs(.labels), later: "nothing: a swarm's"),
      Key("update_config", .fields(updateKeys), later: "nothing: a swarm's"),
      Key("rollback_config", .fields(updateKeys), later: "nothing: a swarm's"),
      Key("resources", .fields(resourcesKeys), omit: .emptyInYAML, later: "HostConfig"),
      Key("restart_policy", .fields(restartKeys), later: "kept by the executor"),
      Key("placement", .fields(placementKeys), omit: .emptyInYAML, later: "nothing: a swarm's"),
      Key("endpoint_mode", .string, later: "nothing: a swarm's"),
    ])

  private static let updateKeys = KeyTable(
    "an update",
    [
      Key("parallelism", .integer(.wholeCount), omit: .unset, later: "nothing: a swarm's"),
      Key("delay", .duration, omit: .empty, later: "nothing: a swarm's"),
      Key("failure_action", .string, later: "nothing: a swarm's"),
      Key("monitor", .duration, omit: .empty, later: "nothing: a swarm's"),
      Key("max_failure_ratio", .decimal, later: "nothing: a swarm's"),
      Key("order", .word(["start-first", "stop-first"]), later: "nothing: a swarm's"),
    ])

  private static let resourcesKeys = KeyTable(
    "`resources`",
    [
      Key("limits", .fields(limitKeys), later: "HostConfig"),
      Key("reservations", .fields(reservationKeys), later: "HostConfig"),
    ])

  private static let limitKeys = KeyTable(
    "`limits`",
    [
      Key("cpus", .decimal, later: "HostConfig.NanoCpus"),
      Key("memory", .bytes(.text), later: "HostConfig.Memory"),
      Key("pids", .integer(.plain), later: "HostConfig.PidsLimit"),
    ])

  private static let reservationKeys = KeyTable(
    "`reservations`",
    [
      Key("cpus", .decimal, later: "nothing: a swarm's"),
      Key("memory", .bytes(.text), later: "HostConfig.MemoryReservation"),
      Key("devices", DeviceRequests.reservations, later: "HostConfig.DeviceRequests"),
      Key("generic_resources", .list(.fields(genericKeys)), later: "nothing: a swarm's"),
    ])

  private static let genericKeys = KeyTable(
    "a resource",
    [Key("discrete_resource_spec", .fields(discreteKeys), later: "nothing: a swarm's")])

  private static let discreteKeys = KeyTable(
    "`discrete_resource_spec`",
    [
      Key("kind", .string, omit: .never(.string("")), later: "nothing: a swarm's"),
      Key("value", .integer(.rounded), omit: .never(.integer(0)), later: "nothing: a swarm's"),
    ])

  private static let restartKeys = KeyTable(
    "`restart_policy`",
    [
      Key("condition", .string, later: "kept by the executor"),
      Key("delay", .duration, later: "kept by the executor"),
      Key("max_attempts", .integer(.wholeCount), omit: .unset, later: "kept by the executor"),
      Key("window", .duration, later: "kept by the executor"),
    ])

  private static let placementKeys = KeyTable(
    "`placement`",
    [
      Key("constraints", .strings, later: "nothing: a swarm's"),
      Key("preferences", .list(.fields(preferenceKeys)), later: "nothing: a swarm's"),
      Key("max_replicas_per_node", .integer(.wholeCount), later: "nothing: a swarm's"),
    ])

  private static let preferenceKeys = KeyTable(
    "a preference", [Key("spread", .string, later: "nothing: a swarm's")])
}
