import OrderedCollections

/// Lifecycle hooks of a container (Compose specification, "post_start", "pre_stop").
enum Hooks {
  /// The keys of a command that runs in the service's container.
  static let keys = KeyTable("a hook", common, required: ["command"])

  /// The keys of a container that runs before the service's container.
  static let preStartKeys = KeyTable(
    "a hook", ServiceKeys.container.map(\.withoutIdentity) + preStartOwn)

  /// The keys of a `pre_start` container that a service doesn't have.
  static let preStartOwn: [Key] = [
    Key("per_replica", .boolean, goes: "refused, as by Compose", is: .harmless)
  ]

  private static let common: [Key] = [
    Key("command", .command, goes: "Exec.Cmd", is: .harmless),
    Key("user", .string, goes: "Exec.User", is: .harmless),
    Key("privileged", .boolean, goes: "Exec.Privileged", is: .needs(.privileged)),
    Key("working_dir", .string, goes: "Exec.WorkingDir", is: .harmless),
    Key("environment", .pairs(.environment, distinct: true), goes: "Exec.Env", is: .harmless),
  ]
}
