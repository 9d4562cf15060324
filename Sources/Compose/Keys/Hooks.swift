import OrderedCollections

/// Lifecycle hooks of a container (Compose specification, "post_start", "pre_stop").
enum Hooks {
  /// The keys of a command that runs in the service's container.
  static let keys = ObjectSchema("a hook", common, required: ["command"])

  /// The keys of a container that runs before the service's container.
  static let preStartKeys = ObjectSchema(
    "a hook", ServiceKeys.container.map(\.withoutIdentity) + preStartOwn)

  /// The keys of a `pre_start` container that a service doesn't have.
  static let preStartOwn: [SchemaProperty] = [
    SchemaProperty("per_replica", .boolean, mapsTo: "refused, as by Compose", is: .harmless)
  ]

  private static let common: [SchemaProperty] = [
    SchemaProperty("command", .command, mapsTo: "Exec.Cmd", is: .harmless),
    SchemaProperty("user", .string, mapsTo: "Exec.User", is: .harmless),
    SchemaProperty("privileged", .boolean, mapsTo: "Exec.Privileged", is: .needs(.privileged)),
    SchemaProperty("working_dir", .string, mapsTo: "Exec.WorkingDir", is: .harmless),
    SchemaProperty(
      "environment", .pairs(.environment, distinct: true), mapsTo: "Exec.Env", is: .harmless),
  ]
}
