/// The top-level keys of a Compose file (Compose specification, "Compose file").
enum TopLevelKeys {
  static let table = ObjectSchema(
    "a Compose file",
    [
      SchemaProperty("version", .string, mapsTo: "nothing: obsolete", is: .harmless),
      SchemaProperty("name", .string, mapsTo: "the project's name", is: .harmless),
      SchemaProperty(
        "services", .names(.fields(ServiceKeys.table), allowsNull: false), omit: .unset,
        mapsTo: "containers", is: .harmless),
      SchemaProperty(
        "jobs", .names(.fields(JobKeys.table), allowsNull: false),
        never: "started manually or by a schedule"),
      SchemaProperty("networks", resource(Networks.keys), mapsTo: "networks", is: .harmless),
      SchemaProperty("volumes", resource(Volumes.keys), mapsTo: "volumes", is: .harmless),
      SchemaProperty(
        "secrets", fileResource(Secrets.keys), mapsTo: "files in containers", is: .harmless),
      SchemaProperty(
        "configs", fileResource(Configs.keys), mapsTo: "files in containers", is: .harmless),
      SchemaProperty(
        "models", .names(.fields(Models.keys), allowsNull: false), never: "for desktops"),
      SchemaProperty("include", Includes.shape, mapsTo: "further files", is: .harmless),
    ])

  private static func resource(_ keys: ObjectSchema) -> SchemaType {
    .names(.completing(External.expand, .fields(keys)), allowsNull: true)
  }

  private static func fileResource(_ keys: ObjectSchema) -> SchemaType {
    .names(.completing(External.expandFile, .fields(keys)), allowsNull: false)
  }
}
