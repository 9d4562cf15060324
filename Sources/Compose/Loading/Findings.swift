import YAML

/// What interpolation finds beside the values, in all files of a project.
final class Findings {
  /// Variables without value or default that were asked for, each once, where it is asked for
  /// first.
  private(set) var warnings: [Located<String>] = []
  /// The values that they went into.
  private(set) var unset = UnsetVariables()
  /// How many bytes all values have.
  var size = 0
  private var warned: Set<String> = []

  /// Adds the variables of a text that are not set.
  func add(
    _ undefined: [Interpolation.Undefined], of text: String, in node: YAMLNode, _ place: ValuePlace
  ) {
    guard let first = undefined.first else { return }
    // Offsets only grow, so the text is gone through once.
    var rest = text.utf8[...]
    var (offset, dollars) = (0, 0)
    for variable in undefined where warned.insert(variable.name).inserted {
      let passed = rest.prefix(max(0, variable.offset - offset))
      dollars += passed.count { $0 == UInt8(ascii: "$") }
      (rest, offset) = (rest[passed.endIndex...], max(offset, variable.offset))
      warnings.append(
        Located(
          "the variable `\(variable.name)` is not set; it is taken as empty",
          at: node.position(ofDollar: dollars)))
    }
    unset.add(
      undefined.map(\.name), written: Excerpt.line(of: text, at: first.offset),
      at: [node.position] + (place.item.map { [$0] } ?? []), below: place.keys)
  }
}

/// Where in a file's tree a value is.
struct ValuePlace {
  /// The list's item that it is, or that it is a part of.
  var item: SourcePosition?
  /// Its own key, and the one that this is below. A service's name is none: too much is below it.
  private(set) var keys: [SourcePosition] = []
  private var level: Int
  private var isInServices: Bool

  /// The root of a file.
  init(isLegacy: Bool) {
    level = isLegacy ? 1 : 0
    isInServices = isLegacy
  }

  /// A value of the mapping.
  func below(_ key: String, at position: SourcePosition) -> ValuePlace {
    var inner = self
    inner.level += 1
    if level == 0 { inner.isInServices = key == "services" || key == "jobs" }
    let isNamed = level > 1 || (level == 1 && !isInServices)
    inner.keys = isNamed ? keys.suffix(1) + [position] : []
    return inner
  }
}

/// Where variables that are not set went into values, for the errors that follow from it.
public struct UnsetVariables: Sendable {
  private struct Value: Sendable {
    let names: [String]
    let written: String
  }

  private var values: [SourcePosition: Value] = [:]
  private var belowKeys: [SourcePosition: Value] = [:]

  /// None.
  init() {}

  /// Adds a value, as its file has it: where it is, and the keys that it is below.
  mutating func add(
    _ names: [String], written: String, at positions: [SourcePosition],
    below keys: [SourcePosition]
  ) {
    // An error names some of them.
    var distinct: [String] = []
    for name in names.prefix(1000) where !distinct.contains(name) { distinct.append(name) }
    let value = Value(names: distinct, written: written)
    for position in positions { values[position] = values[position] ?? value }
    for position in keys { belowKeys[position] = belowKeys[position] ?? value }
  }

  /// Adds to an error the variables that its value came from.
  ///
  /// - Parameters:
  ///   - error: an error of the project.
  ///   - byKey: true where an error at a key is one of the value below it: an engine's, not one of
  ///     a key that doesn't exist.
  /// - Returns: the same error, or one that names the variables.
  public func explaining(_ error: ComposeError, byKey: Bool = false) -> ComposeError {
    let positions = (error.position.map { [$0] } ?? []) + error.sources
    let exact = positions.lazy.compactMap { values[$0] }.first
    let inner = byKey ? error.position.flatMap { belowKeys[$0] } : nil
    guard let value = exact ?? inner else { return error }
    let names = value.names.map { "`\($0)`" }.joined(separator: ", ")
    let verb = value.names.count == 1 ? "is" : "are"
    let addition = "; \(names) in `\(value.written)` \(verb) not set"
    guard !error.message.hasSuffix(addition) else { return error }
    var explained = ComposeError(error.message + addition, at: error.position)
    explained.warnings = error.warnings
    return explained
  }
}
