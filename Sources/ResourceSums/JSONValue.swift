/// A JSON text to be written (RFC 8259); members keep their order.
enum JSONValue {
  case string(String)
  /// A number as its text.
  case number(String)
  case boolean(Bool)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// A whole number.
  static func integer(_ value: Int64) -> JSONValue { .number(String(value)) }

  /// The text, indented by two; what fits into a line stands in one, but for the outermost.
  var text: String { lines(indent: 0, isOuter: true) }

  private func lines(indent: Int, isOuter: Bool) -> String {
    let short = line
    if !isOuter, indent + short.count <= 110 { return short }
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    switch self {
    case .array(let items) where !items.isEmpty:
      let lines = items.map { inner + $0.lines(indent: indent + 2, isOuter: false) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
    case .object(let members) where !members.isEmpty:
      let lines = members.map {
        inner + Self.quoted($0.key) + ": " + $0.value.lines(indent: indent + 2, isOuter: false)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    default: return short
    }
  }

  private var line: String {
    switch self {
    case .string(let text): return Self.quoted(text)
    case .number(let text): return text
    case .boolean(let value): return value ? "true" : "false"
    case .array(let items):
      return items.isEmpty ? "[]" : "[" + items.map(\.line).joined(separator: ", ") + "]"
    case .object(let members):
      let inner = members.map { Self.quoted($0.key) + ": " + $0.value.line }
      return inner.isEmpty ? "{}" : "{ " + inner.joined(separator: ", ") + " }"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7f}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
