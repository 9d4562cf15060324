/// The top-level keys of a Compose file (Compose specification, "Compose file").
enum TopLevelKeys {
  static let table = KeyTable(
    "a Compose file",
    [
      Key("version", .string, goes: "nothing: obsolete", is: .harmless),
      Key("name", .string, goes: "the project's name", is: .harmless),
      Key(
        "services", .names(.fields(ServiceKeys.table), allowsNull: false), omit: .unset,
        goes: "containers", is: .harmless),
      Key(
        "jobs", .names(.fields(JobKeys.table), allowsNull: false),
        never: "started manually or by a schedule"),
      Key("networks", resource(Networks.keys), goes: "networks", is: .harmless),
      Key("volumes", resource(Volumes.keys), goes: "volumes", is: .harmless),
      Key("secrets", fileResource(Secrets.keys), goes: "files in containers", is: .harmless),
      Key("configs", fileResource(Configs.keys), goes: "files in containers", is: .harmless),
      Key(
        "models", .names(.fields(Models.keys), allowsNull: false), never: "for desktops"),
      Key("include", Includes.shape, goes: "further files", is: .harmless),
    ])

  private static func resource(_ keys: KeyTable) -> Shape {
    .names(.completing(External.expand, .fields(keys)), allowsNull: true)
  }

  private static func fileResource(_ keys: KeyTable) -> Shape {
    .names(.completing(External.expandFile, .fields(keys)), allowsNull: false)
  }
}
