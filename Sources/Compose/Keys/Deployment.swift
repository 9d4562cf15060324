import OrderedCollections
import YAML

/// `deploy:` of a service (Compose Deploy specification).
enum Deployment {
  static let keys = ObjectSchema(
    "`deploy`",
    [
      SchemaProperty("mode", .string, never: "for swarms"),
      SchemaProperty(
        "replicas", .integer(.plain), omit: .unset, mapsTo: "the number of containers",
        is: .needs(.maxContainers)),
      SchemaProperty("labels", .pairs(.labels), never: "for swarms"),
      SchemaProperty("update_config", .fields(updateKeys), never: "for swarms"),
      SchemaProperty("rollback_config", .fields(updateKeys), never: "for swarms"),
      SchemaProperty(
        "resources", .fields(resourcesKeys), omit: .emptyInYAML, mapsTo: "HostConfig", is: .harmless
      ),
      SchemaProperty(
        "restart_policy", .fields(restartKeys), mapsTo: "applied by the executor", is: .harmless),
      SchemaProperty("placement", .fields(placementKeys), omit: .emptyInYAML, never: "for swarms"),
      SchemaProperty("endpoint_mode", .string, never: "for swarms"),
    ])

  private static let updateKeys = ObjectSchema(
    "an update",
    [
      SchemaProperty("parallelism", .integer(.wholeCount), omit: .unset, never: "for swarms"),
      SchemaProperty("delay", .duration, omit: .empty, never: "for swarms"),
      SchemaProperty("failure_action", .string, never: "for swarms"),
      SchemaProperty("monitor", .duration, omit: .empty, never: "for swarms"),
      SchemaProperty("max_failure_ratio", .decimal, never: "for swarms"),
      SchemaProperty("order", .word(["start-first", "stop-first"]), never: "for swarms"),
    ])

  private static let resourcesKeys = ObjectSchema(
    "`resources`",
    [
      SchemaProperty("limits", .fields(limitKeys), mapsTo: "HostConfig", is: .harmless),
      SchemaProperty("reservations", .fields(reservationKeys), mapsTo: "HostConfig", is: .harmless),
    ])

  private static let limitKeys = ObjectSchema(
    "`limits`",
    [
      SchemaProperty("cpus", .decimal, mapsTo: "HostConfig.NanoCpus", is: .harmless),
      SchemaProperty("memory", .bytes(.text), mapsTo: "HostConfig.Memory", is: .harmless),
      SchemaProperty(
        "pids", .integer(.plain), mapsTo: "HostConfig.PidsLimit", is: .needs(.maxPids)),
    ])

  private static let reservationKeys = ObjectSchema(
    "`reservations`",
    [
      SchemaProperty("cpus", .decimal, never: "for swarms"),
      SchemaProperty(
        "memory", .bytes(.text), mapsTo: "HostConfig.MemoryReservation", is: .harmless),
      SchemaProperty(
        "devices", DeviceRequests.reservations, mapsTo: "HostConfig.DeviceRequests",
        is: .needs(.devices)),
      SchemaProperty("generic_resources", .list(.fields(genericKeys)), never: "for swarms"),
    ])

  private static let genericKeys = ObjectSchema(
    "a resource",
    [SchemaProperty("discrete_resource_spec", .fields(discreteKeys), never: "for swarms")])

  private static let discreteKeys = ObjectSchema(
    "`discrete_resource_spec`",
    [
      SchemaProperty("kind", .string, omit: .never(.string("")), never: "for swarms"),
      SchemaProperty("value", .integer(.rounded), omit: .never(.integer(0)), never: "for swarms"),
    ])

  private static let restartKeys = ObjectSchema(
    "`restart_policy`",
    [
      SchemaProperty("condition", .string, mapsTo: "applied by the executor", is: .harmless),
      SchemaProperty("delay", .duration, mapsTo: "applied by the executor", is: .harmless),
      SchemaProperty(
        "max_attempts", .integer(.wholeCount), omit: .unset, mapsTo: "applied by the executor",
        is: .harmless),
      SchemaProperty("window", .duration, mapsTo: "applied by the executor", is: .harmless),
    ])

  private static let placementKeys = ObjectSchema(
    "`placement`",
    [
      SchemaProperty("constraints", .strings, never: "for swarms"),
      SchemaProperty("preferences", .list(.fields(preferenceKeys)), never: "for swarms"),
      SchemaProperty("max_replicas_per_node", .integer(.wholeCount), never: "for swarms"),
    ])

  private static let preferenceKeys = ObjectSchema(
    "a preference", [SchemaProperty("spread", .string, never: "for swarms")])
}
