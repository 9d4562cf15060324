import CYaml

extension YAMLParser {
  /// The positions of the `$` characters of the current scalar.
  mutating func dollars() -> [SourcePosition.Location]? {
    let data = event.data.scalar
    let text = UnsafeBufferPointer(start: data.value, count: data.length)
    let count = text.count { $0 == UInt8(ascii: "$") }
    guard count > 0 else { return nil }
    let style: SourceText.Style =
      switch data.style {
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
      default: .plain
      }
    let start = event.start_mark
    let found = source.dollars(
      from: Int(start.index), to: Int(event.end_mark.index),
      at: (Int(start.line) + 1, Int(start.column) + 1), style: style)
    // A tag, or a comment before the text, can also contain `$`.
    return found.count >= count ? Array(found.suffix(count)) : nil
  }
}
