/// The top-level keys of a Compose file (Compose specification, "Compose file").
enum TopLevelKeys {
  static let table = KeyTable(
    "a Compose file",
    [
      Key("version", .string, goes: "nothing: obsolete"),
      Key("name", .string, goes: "the project's name"),
      Key(
        "services", .names(.fields(ServiceKeys.table), allowsNull: false), omit: .unset,
        goes: "containers"),
      Key(
        "jobs", .names(.fields(JobKeys.table), allowsNull: false),
        never: "run by hand or by the clock"),
      Key("networks", resource(Networks.keys), goes: "networks"),
      Key("volumes", resource(Volumes.keys), goes: "volumes"),
      Key("secrets", fileResource(Secrets.keys), goes: "files in containers"),
      Key("configs", fileResource(Configs.keys), goes: "files in containers"),
      Key(
        "models", .names(.fields(Models.keys), allowsNull: false), never: "for desktops"),
      Key("include", Includes.shape, goes: "other files"),
    ])

  private static func resource(_ keys: KeyTable) -> Shape {
    .names(.completing(External.expand, .fields(keys)), allowsNull: true)
  }

  private static func fileResource(_ keys: KeyTable) -> Shape {
    .names(.completing(External.expandFile, .fields(keys)), allowsNull: false)
  }
}
