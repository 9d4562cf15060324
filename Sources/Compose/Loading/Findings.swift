import YAML

/// Results of interpolation other than the values, for all files of a project.
final class Findings {
  /// One warning for each variable that has neither a value nor a default, at its first use.
  private(set) var warnings: [Located<String>] = []
  /// The values that contained unset variables.
  private(set) var unset = UnsetVariables()
  /// The total size of all interpolated values, in bytes.
  var size = 0
  private var warned: Set<String> = []

  /// Records the unset variables of a text.
  func add(
    _ undefined: [Interpolation.Undefined], of text: String, in node: YAMLNode,
    _ location: ValueLocation
  ) {
    guard let first = undefined.first else { return }
    // The offsets are ascending, so one pass over the text is enough.
    var rest = text.utf8[...]
    var (offset, dollars) = (0, 0)
    for variable in undefined where warned.insert(variable.name).inserted {
      let passed = rest.prefix(max(0, variable.offset - offset))
      dollars += passed.count { $0 == UInt8(ascii: "$") }
      (rest, offset) = (rest[passed.endIndex...], max(offset, variable.offset))
      warnings.append(
        Located(
          "the variable `\(variable.name)` is not set; its value is empty",
          at: node.position(ofDollar: dollars)))
    }
    unset.add(
      undefined.map(\.name), written: Excerpt.line(of: text, at: first.offset),
      at: [node.position] + (location.item.map { [$0] } ?? []), below: location.keys)
  }
}

/// The location of a value in a file's tree.
struct ValueLocation {
  /// The position of the list item that is or contains the value.
  var item: SourcePosition?
  /// The positions of the value's key and of its parent key. The name of a service is excluded: it
  /// has too many values below it.
  private(set) var keys: [SourcePosition] = []
  private var level: Int
  private var isInServices: Bool

  /// The root of a file.
  init(isLegacy: Bool) {
    level = isLegacy ? 1 : 0
    isInServices = isLegacy
  }

  /// The location of a mapping's value.
  func below(_ key: String, at position: SourcePosition) -> ValueLocation {
    var inner = self
    inner.level += 1
    if level == 0 { inner.isInServices = key == "services" || key == "jobs" }
    let isNamed = level > 1 || (level == 1 && !isInServices)
    inner.keys = isNamed ? keys.suffix(1) + [position] : []
    return inner
  }
}

/// The values that contained unset variables. Errors that result from such a value name the
/// variables.
package struct UnsetVariables: Sendable {
  private struct Value: Sendable {
    let names: [String]
    let written: String
  }

  private var values: [SourcePosition: Value] = [:]
  private var belowKeys: [SourcePosition: Value] = [:]

  /// No values.
  init() {}

  /// Records a value as written in its file, with its positions and the positions of its keys.
  mutating func add(
    _ names: [String], written: String, at positions: [SourcePosition],
    below keys: [SourcePosition]
  ) {
    // Bounds the quadratic search; an error message needs only some of the names.
    var distinct: [String] = []
    for name in names.prefix(1000) where !distinct.contains(name) { distinct.append(name) }
    let value = Value(names: distinct, written: written)
    for position in positions { values[position] = values[position] ?? value }
    for position in keys { belowKeys[position] = belowKeys[position] ?? value }
  }

  /// Adds the unset variables that led to an error to its message.
  ///
  /// - Parameters:
  ///   - error: An error of the project.
  ///   - byKey: True if an error at a key concerns the value below it, as errors of the engine do;
  ///     false if it may concern the key itself, such as an unknown key.
  /// - Returns: The same error, or an error that names the variables.
  package func explaining(_ error: DiagnosticError, byKey: Bool = false) -> DiagnosticError {
    let positions = (error.position.map { [$0] } ?? []) + error.sources
    let exact = positions.lazy.compactMap { values[$0] }.first
    let inner = byKey ? error.position.flatMap { belowKeys[$0] } : nil
    guard let value = exact ?? inner else { return error }
    let names = value.names.map { "`\($0)`" }.joined(separator: ", ")
    let verb = value.names.count == 1 ? "is" : "are"
    let addition = "; \(names) in `\(value.written)` \(verb) not set"
    guard !error.message.hasSuffix(addition) else { return error }
    var explained = DiagnosticError(error.message + addition, at: error.position)
    explained.warnings = error.warnings
    return explained
  }
}
