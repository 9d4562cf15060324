import YAML

/// `ulimits:` (Compose specification, "ulimits").
enum Ulimits {
  static let shape = Shape.names(limit(.strict), allowsNull: false)
  /// The limits of a build, which can't be strings.
  static let ofBuild = Shape.names(limit(.strictNumber), allowsNull: false)

  private static func limit(_ number: WholeNumber) -> Shape {
    .either(.integer(number), orMapping: .fields(keys(number)))
  }

  /// The keys of one limit.
  private static func keys(_ number: WholeNumber) -> KeyTable {
    KeyTable(
      "a limit",
      [
        Key(
          "soft", .integer(number), omit: .emptyInJSON(.integer(0)), goes: "Ulimits.Soft",
          is: .harmless),
        Key(
          "hard", .integer(number), omit: .emptyInJSON(.integer(0)), goes: "Ulimits.Hard",
          is: .harmless),
      ], required: ["soft", "hard"])
  }
}
