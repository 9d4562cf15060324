/// `ulimits:` (Compose specification, "ulimits").
enum Ulimits {
  static let shape = Shape.names(limit(.integer(.plain)), allowsNull: false)
  /// The same for a build, where a limit can't be a string.
  static let ofBuild = Shape.names(limit(.integer(.whole)), allowsNull: false)

  /// The keys under a limit's name.
  static let keys = KeyTable(
    "a limit",
    [
      Key("soft", .integer(.plain), omit: .emptyInJSON(.integer(0)), goes: "Ulimits.Soft"),
      Key("hard", .integer(.plain), omit: .emptyInJSON(.integer(0)), goes: "Ulimits.Hard"),
    ], required: ["soft", "hard"])

  private static func limit(_ single: Shape) -> Shape {
    .either(single, orMapping: .fields(keys))
  }
}
