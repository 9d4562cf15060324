import CYaml

extension YAMLParser {
  /// True for a key `<<`, which merges other mappings.
  var isMergeKey: Bool {
    if Self.text(event.data.scalar.tag) == "tag:yaml.org,2002:merge" { return true }
    return event.data.scalar.plain_implicit == 1 && event.data.scalar.length == 2
      && event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
      && event.data.scalar.value[0] == UInt8(ascii: "<")
      && event.data.scalar.value[1] == UInt8(ascii: "<")
  }

  /// The content of the current scalar.
  mutating func scalar() throws(DiagnosticError) -> YAMLNode.Content {
    let data = event.data.scalar
    let text = source.restored(
      String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self))
    if data.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE,
      source.hasSlash(from: Int(event.start_mark.index), to: Int(event.end_mark.index))
    {
      throw DiagnosticError(
        "not YAML: `\\/` in double quotes; write `/`", at: position(event.start_mark))
    }
    if let tag = Self.text(data.tag) {
      let start = position(event.start_mark)
      return try TaggedScalar.content(of: text, tag: tag, at: start)
    }
    return data.style == YAML_PLAIN_SCALAR_STYLE
      ? ScalarResolution.content(ofPlain: text) : .string(text)
  }
}
