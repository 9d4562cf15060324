import YAML

/// `ulimits:` (Compose specification, "ulimits").
enum Ulimits {
  static let shape = SchemaType.names(limit(.strict), allowsNull: false)
  /// The limits of a build, which can't be strings.
  static let ofBuild = SchemaType.names(limit(.strictNumber), allowsNull: false)

  private static func limit(_ number: IntegerRule) -> SchemaType {
    .either(.integer(number), orMapping: .fields(keys(number)))
  }

  /// The keys of one limit.
  private static func keys(_ number: IntegerRule) -> ObjectSchema {
    ObjectSchema(
      "a limit",
      [
        SchemaProperty(
          "soft", .integer(number), omit: .emptyInJSON(.integer(0)), mapsTo: "Ulimits.Soft",
          is: .harmless),
        SchemaProperty(
          "hard", .integer(number), omit: .emptyInJSON(.integer(0)), mapsTo: "Ulimits.Hard",
          is: .harmless),
      ], required: ["soft", "hard"])
  }
}
