import OrderedCollections

/// Collects the entries of one mapping. Each key is unique; `<<` adds only missing keys.
struct MappingBuilder {
  private var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
  private var merged: OrderedDictionary<String, YAMLNode.Entry> = [:]
  private var mergePosition: SourcePosition?

  /// Adds a key; throws if it isn't a string or is a duplicate.
  mutating func add(
    _ key: YAMLNode, at position: SourcePosition, value: YAMLNode
  ) throws(DiagnosticError) {
    guard let name = key.string else {
      guard let text = key.isNull ? "null" : key.scalarText else {
        throw DiagnosticError("a key must be a string, not \(key.kind)", at: position)
      }
      throw DiagnosticError(
        "the key `\(text)` is \(key.isNull ? "null" : key.kind); write it in quotes", at: position)
    }
    if let first = entries[name]?.keyPosition {
      throw DiagnosticError(
        "`\(name)` is defined twice; first at \(first)", at: position)
    }
    entries[name] = YAMLNode.Entry(keyPosition: position, value: value)
  }

  /// Adds the mapping or mappings of a merge key (YAML, "Merge Key Language-Independent Type").
  mutating func merge(_ value: YAMLNode, at position: SourcePosition) throws(DiagnosticError) {
    if let mergePosition {
      throw DiagnosticError(
        "`<<` is defined twice; first at \(mergePosition); join them as a list",
        at: position)
    }
    mergePosition = position
    for source in value.sequence ?? [value] {
      guard let mapping = source.mapping else {
        throw DiagnosticError(
          "`<<` must be a mapping or a list of mappings, not \(source.kind)", at: position)
      }
      for (name, entry) in mapping where merged[name] == nil { merged[name] = entry }
    }
  }

  /// The entries: those of the mapping itself, followed by the merged ones.
  consuming func finished() -> OrderedDictionary<String, YAMLNode.Entry> {
    for (name, entry) in merged where entries[name] == nil { entries[name] = entry }
    return entries
  }
}

/// Scalars with a tag, such as `!!str 80`.
enum TaggedScalar {
  /// The value with its tag; throws if the text isn't valid for the tag.
  static func content(
    of text: String, tag: String, at position: SourcePosition
  ) throws(DiagnosticError) -> YAMLNode.Content {
    let plain = ScalarResolution.content(ofPlain: text)
    switch tag {
    case "!", "tag:yaml.org,2002:str":
      return .string(text)
    case "tag:yaml.org,2002:binary":
      if let bytes = BinaryScalar.bytes(of: text) { return .string(BinaryScalar.text(of: bytes)) }
    case "tag:yaml.org,2002:null":
      if case .null = plain { return plain }
    case "tag:yaml.org,2002:bool":
      if case .boolean = plain { return plain }
    case "tag:yaml.org,2002:int":
      switch plain {
      case .integer, .unsigned: return plain
      default: break
      }
    case "tag:yaml.org,2002:float":
      if case .integer(let value) = plain { return .decimal(Double(value)) }
      if case .decimal = plain { return plain }
    case "tag:yaml.org,2002:timestamp":
      if case .timestamp = plain { return plain }
    default:
      return .string(text)
    }
    throw DiagnosticError("`\(text)` does not match the tag `\(short(tag))`", at: position)
  }

  private static func short(_ tag: String) -> String {
    tag.hasPrefix("tag:yaml.org,2002:") ? "!!" + tag.dropFirst(18) : tag
  }
}
