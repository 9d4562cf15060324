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
        "networks",
        .names(.expanding(Networks.expandExternal, .fields(Networks.keys)), allowsNull: true),
        goes: "networks"),
      Key(
        "volumes",
        .names(.expanding(Networks.expandExternal, .fields(volumeKeys)), allowsNull: true),
        goes: "volumes"),
      Key("secrets", .later),
      Key("configs", .later),
      Key("models", .later),
      Key("include", .later),
    ])

  static let volumeKeys = KeyTable(
    "a volume",
    [
      Key("name", .string, goes: "Name"),
      Key("driver", .string, goes: "Driver"),
      Key("driver_opts", .pairs(.options), goes: "DriverOpts"),
      Key("external", .boolean, goes: "neither made nor removed"),
      Key("labels", .pairs(.labels), goes: "Labels"),
    ])
}
