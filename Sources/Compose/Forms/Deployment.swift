import OrderedCollections
import YAML

/// `deploy:` of a service (Compose Deploy specification).
enum Deployment {
  static let keys = KeyTable(
    "`deploy`",
    [
      Key("mode", .string, never: "a swarm's"),
      Key(
        "replicas", .integer(.plain), omit: .unset, goes: "how many containers",
        is: .needs(.maxContainers)),
      Key("labels", .pairs(.labels), never: "a swarm's"),
      Key("update_config", .fields(updateKeys), never: "a swarm's"),
      Key("rollback_config", .fields(updateKeys), never: "a swarm's"),
      Key(
        "resources", .fields(resourcesKeys), omit: .emptyInYAML, goes: "HostConfig", is: .harmless),
      Key("restart_policy", .fields(restartKeys), goes: "kept by the executor", is: .harmless),
      Key("placement", .fields(placementKeys), omit: .emptyInYAML, never: "a swarm's"),
      Key("endpoint_mode", .string, never: "a swarm's"),
    ])

  private static let updateKeys = KeyTable(
    "an update",
    [
      Key("parallelism", .integer(.wholeCount), omit: .unset, never: "a swarm's"),
      Key("delay", .duration, omit: .empty, never: "a swarm's"),
      Key("failure_action", .string, never: "a swarm's"),
      Key("monitor", .duration, omit: .empty, never: "a swarm's"),
      Key("max_failure_ratio", .decimal, never: "a swarm's"),
      Key("order", .word(["start-first", "stop-first"]), never: "a swarm's"),
    ])

  private static let resourcesKeys = KeyTable(
    "`resources`",
    [
      Key("limits", .fields(limitKeys), goes: "HostConfig", is: .harmless),
      Key("reservations", .fields(reservationKeys), goes: "HostConfig", is: .harmless),
    ])

  private static let limitKeys = KeyTable(
    "`limits`",
    [
      Key("cpus", .decimal, goes: "HostConfig.NanoCpus", is: .harmless),
      Key("memory", .bytes(.text), goes: "HostConfig.Memory", is: .harmless),
      Key("pids", .integer(.plain), goes: "HostConfig.PidsLimit", is: .needs(.maxPids)),
    ])

  private static let reservationKeys = KeyTable(
    "`reservations`",
    [
      Key("cpus", .decimal, never: "a swarm's"),
      Key("memory", .bytes(.text), goes: "HostConfig.MemoryReservation", is: .harmless),
      Key(
        "devices", DeviceRequests.reservations, goes: "HostConfig.DeviceRequests",
        is: .needs(.devices)),
      Key("generic_resources", .list(.fields(genericKeys)), never: "a swarm's"),
    ])

  private static let genericKeys = KeyTable(
    "a resource",
    [Key("discrete_resource_spec", .fields(discreteKeys), never: "a swarm's")])

  private static let discreteKeys = KeyTable(
    "`discrete_resource_spec`",
    [
      Key("kind", .string, omit: .never(.string("")), never: "a swarm's"),
      Key("value", .integer(.rounded), omit: .never(.integer(0)), never: "a swarm's"),
    ])

  private static let restartKeys = KeyTable(
    "`restart_policy`",
    [
      Key("condition", .string, goes: "kept by the executor", is: .harmless),
      Key("delay", .duration, goes: "kept by the executor", is: .harmless),
      Key(
        "max_attempts", .integer(.wholeCount), omit: .unset, goes: "kept by the executor",
        is: .harmless),
      Key("window", .duration, goes: "kept by the executor", is: .harmless),
    ])

  private static let placementKeys = KeyTable(
    "`placement`",
    [
      Key("constraints", .strings, never: "a swarm's"),
      Key("preferences", .list(.fields(preferenceKeys)), never: "a swarm's"),
      Key("max_replicas_per_node", .integer(.wholeCount), never: "a swarm's"),
    ])

  private static let preferenceKeys = KeyTable(
    "a preference", [Key("spread", .string, never: "a swarm's")])
}
