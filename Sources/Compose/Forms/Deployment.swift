import OrderedCollections
import YAML

/// `deploy:` of a service (Compose Deploy specification).
enum Deployment {
  static let keys = KeyTable(
    "`deploy`",
    [
      Key("mode", .string, never: "for swarms"),
      Key(
        "replicas", .integer(.plain), omit: .unset, goes: "the number of containers",
        is: .needs(.maxContainers)),
      Key("labels", .pairs(.labels), never: "for swarms"),
      Key("update_config", .fields(updateKeys), never: "for swarms"),
      Key("rollback_config", .fields(updateKeys), never: "for swarms"),
      Key(
        "resources", .fields(resourcesKeys), omit: .emptyInYAML, goes: "HostConfig", is: .harmless),
      Key("restart_policy", .fields(restartKeys), goes: "applied by the executor", is: .harmless),
      Key("placement", .fields(placementKeys), omit: .emptyInYAML, never: "for swarms"),
      Key("endpoint_mode", .string, never: "for swarms"),
    ])

  private static let updateKeys = KeyTable(
    "an update",
    [
      Key("parallelism", .integer(.wholeCount), omit: .unset, never: "for swarms"),
      Key("delay", .duration, omit: .empty, never: "for swarms"),
      Key("failure_action", .string, never: "for swarms"),
      Key("monitor", .duration, omit: .empty, never: "for swarms"),
      Key("max_failure_ratio", .decimal, never: "for swarms"),
      Key("order", .word(["start-first", "stop-first"]), never: "for swarms"),
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
      Key("cpus", .decimal, never: "for swarms"),
      Key("memory", .bytes(.text), goes: "HostConfig.MemoryReservation", is: .harmless),
      Key(
        "devices", DeviceRequests.reservations, goes: "HostConfig.DeviceRequests",
        is: .needs(.devices)),
      Key("generic_resources", .list(.fields(genericKeys)), never: "for swarms"),
    ])

  private static let genericKeys = KeyTable(
    "a resource",
    [Key("discrete_resource_spec", .fields(discreteKeys), never: "for swarms")])

  private static let discreteKeys = KeyTable(
    "`discrete_resource_spec`",
    [
      Key("kind", .string, omit: .never(.string("")), never: "for swarms"),
      Key("value", .integer(.rounded), omit: .never(.integer(0)), never: "for swarms"),
    ])

  private static let restartKeys = KeyTable(
    "`restart_policy`",
    [
      Key("condition", .string, goes: "applied by the executor", is: .harmless),
      Key("delay", .duration, goes: "applied by the executor", is: .harmless),
      Key(
        "max_attempts", .integer(.wholeCount), omit: .unset, goes: "applied by the executor",
        is: .harmless),
      Key("window", .duration, goes: "applied by the executor", is: .harmless),
    ])

  private static let placementKeys = KeyTable(
    "`placement`",
    [
      Key("constraints", .strings, never: "for swarms"),
      Key("preferences", .list(.fields(preferenceKeys)), never: "for swarms"),
      Key("max_replicas_per_node", .integer(.wholeCount), never: "for swarms"),
    ])

  private static let preferenceKeys = KeyTable(
    "a preference", [Key("spread", .string, never: "for swarms")])
}
