import OrderedCollections

/// Writes a tree as YAML in the style of `docker compose config`: mappings and lists in block
/// style, indented by two; strings quoted only if necessary; long strings folded after 80 columns.
public struct YAMLWriter {
  private var out: [UInt8] = []
  private var column = 0

  /// The text, with a newline at the end.
  ///
  /// - Parameters:
  ///   - node: The tree.
  ///   - doublesDollars: True to double each `$`, so that the output is a valid Compose file again.
  /// - Returns: The text.
  public static func text(_ node: YAMLNode, doublesDollars: Bool = true) -> String {
    var writer = YAMLWriter()
    writer.block(node, indent: 0, isRoot: true)
    guard doublesDollars else { return String(decoding: writer.out, as: UTF8.self) }
    // A single `$` would start a variable when the output is read again.
    var doubled: [UInt8] = []
    doubled.reserveCapacity(writer.out.count)
    for byte in writer.out {
      if byte == UInt8(ascii: "$") { doubled.append(byte) }
      doubled.append(byte)
    }
    return String(decoding: doubled, as: UTF8.self)
  }

  /// Writes a node after `key:` or `-` on the same line, or at the beginning of the document.
  private mutating func block(
    _ node: YAMLNode, indent: Int, isRoot: Bool = false, inItem: Bool = false
  ) {
    switch node.content {
    case .mapping(let entries) where !entries.isEmpty:
      var startsLine = !(isRoot || inItem)
      for (key, entry) in entries {
        if startsLine { newline(indent) }
        startsLine = true
        write(key: key, indent: indent)
        value(entry.value, indent: indent)
      }
    case .sequence(let items) where !items.isEmpty:
      var startsLine = !(isRoot || inItem)
      for item in items {
        if startsLine { newline(indent) }
        startsLine = true
        put("- ")
        block(item, indent: indent + 2, inItem: true)
      }
    default:
      scalar(node, indent: indent)
      endLine()
    }
  }

  private mutating func value(_ node: YAMLNode, indent: Int) {
    switch node.content {
    case .mapping(let entries) where !entries.isEmpty:
      endLine()
      block(node, indent: indent + 2)
    case .sequence(let items) where !items.isEmpty:
      endLine()
      block(node, indent: indent + 2)
    default:
      put(" ")
      scalar(node, indent: indent + 2)
      endLine()
    }
  }

  private mutating func write(key: String, indent: Int) {
    let style = ScalarStyle.of(key, isKey: true)
    if key.utf8.count > 128 {
      put("? ")
      text(key, style, indent: indent + 2, folds: true)
      endLine()
      newline(indent)
    } else {
      text(key, style, indent: indent, folds: false)
    }
    put(":")
  }

  private mutating func scalar(_ node: YAMLNode, indent: Int) {
    switch node.content {
    case .null: put("null")
    case .boolean(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .unsigned(let value): put(String(value))
    case .decimal(let value): put(NumberText.yaml(value))
    case .single(let value): put(NumberText.general(value))
    case .timestamp(let value): put(value)
    case .sequence: put("[]")
    case .mapping: put("{}")
    case .string(let value):
      text(value, ScalarStyle.of(value, isKey: false), indent: indent, folds: true)
    }
  }

  private mutating func text(_ value: String, _ style: ScalarStyle, indent: Int, folds: Bool) {
    switch style {
    case .plain: folded(value, indent: indent, folds: folds, escape: nil)
    case .single:
      put("'")
      folded(value, indent: indent, folds: folds, escape: "'")
      put("'")
    case .double: doubleQuoted(value, indent: indent, folds: folds)
    case .literal: literal(value, indent: indent)
    }
  }

  private mutating func folded(_ value: String, indent: Int, folds: Bool, escape: Unicode.Scalar?) {
    let scalars = Array(value.unicodeScalars)
    var afterSpace = false
    for (index, scalar) in scalars.enumerated() {
      if scalar == " " {
        let isInner = index > 0 && index < scalars.count - 1 && scalars[index + 1] != " "
        if folds, !afterSpace, column > 80, isInner {
          endLine()
          newline(indent)
        } else {
          put(scalar)
        }
        afterSpace = true
      } else {
        if scalar == escape { put(scalar) }
        put(scalar)
        afterSpace = false
      }
    }
  }

  private mutating func doubleQuoted(_ value: String, indent: Int, folds: Bool) {
    let scalars = Array(value.unicodeScalars)
    put("\"")
    var afterSpace = false
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      if scalar == " " {
        if folds, !afterSpace, column > 80, index > 0, index < scalars.count - 1 {
          endLine()
          newline(indent)
          if scalars[index + 1] == " " { put("\\") }
        } else {
          put(scalar)
        }
        afterSpace = true
      } else {
        if let escape = ScalarStyle.escaped(scalar) { put(escape) } else { put(scalar) }
        afterSpace = false
      }
      index += 1
    }
    put("\"")
  }

  private mutating func literal(_ value: String, indent: Int) {
    let scalars = Array(value.unicodeScalars)
    put("|")
    if scalars.first == " " { put("2") }
    if scalars.last != "\n" {
      put("-")
    } else if scalars.count == 1 || scalars[scalars.count - 2] == "\n" {
      put("+")
    }
    endLine()
    var atStart = true
    for scalar in scalars {
      if scalar == "\n" {
        out.append(UInt8(ascii: "\n"))
        column = 0
        atStart = true
      } else {
        if atStart { newline(indent) }
        put(scalar)
        atStart = false
      }
    }
  }

  private mutating func put(_ text: String) {
    out += text.utf8
    column += text.unicodeScalars.count
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    column += 1
  }

  private mutating func endLine() {
    guard out.last != UInt8(ascii: "\n") else { return }
    out.append(UInt8(ascii: "\n"))
    column = 0
  }

  private mutating func newline(_ indent: Int) {
    for _ in 0..<indent { out.append(UInt8(ascii: " ")) }
    column = indent
  }
}
