import OrderedCollections

/// A node of a YAML document with its position (YAML 1.2, "Representation Graph").
///
/// Aliases and merge keys are resolved; a node behind one has the position of its anchor, which is
/// the line to edit.
package struct YAMLNode: Sendable {
  /// The content of a node. Plain scalars have the types of Docker Compose's YAML library.
  package enum Content: Sendable, Equatable {
    /// `null`, `~` or an empty value.
    case null
    /// `true` or `false`; `yes`, `no`, `on` and `off` are strings.
    case boolean(Bool)
    /// An integer: decimal, `0x`, `0o` or with a leading zero octal, `0b`.
    case integer(Int64)
    /// An integer above `Int64.max`.
    case unsigned(UInt64)
    /// A number with a fraction or an exponent.
    case decimal(Double)
    /// A number in single precision, the type of `cpus:`.
    case single(Float)
    /// A date or a time, in RFC 3339 notation.
    case timestamp(String)
    /// A string.
    case string(String)
    /// A list.
    case sequence([YAMLNode])
    /// A mapping in the order of the file.
    case mapping(OrderedDictionary<String, Entry>)
  }

  /// One key of a mapping and its value.
  package struct Entry: Sendable, Equatable {
    /// The position of the key.
    package var keyPosition: SourcePosition
    /// The value.
    package var value: YAMLNode
    /// Creates an entry.
    package init(keyPosition: SourcePosition, value: YAMLNode) {
      self.keyPosition = keyPosition
      self.value = value
    }

    /// Two entries are equal if their values are; positions don't matter.
    package static func == (left: Entry, right: Entry) -> Bool { left.value == right.value }
  }

  /// The content.
  package var content: Content
  /// The position of the start.
  package var position: SourcePosition
  /// The effect on the files before it.
  package var directive = Directive.none
  /// The notation, for merging.
  package var form = Form.long
  /// The positions of the `$` characters of the text, in order; nil if there are none or they are
  /// unknown.
  package var dollars: [SourcePosition.Location]?

  /// The notation of a value.
  package enum Form: Sendable {
    /// The long form.
    case long
    /// A short form; it becomes a long form before the next file is merged.
    case short
    /// A list of `NAME=value`.
    case listed
  }

  /// A tag that changes merging (Compose specification, "Merge and override").
  package enum Directive: Sendable {
    /// No tag: the value is merged.
    case none
    /// `!reset`: the value of the earlier files is removed.
    case reset
    /// `!override`: the value replaces that of the earlier files.
    case override
  }

  /// Creates a node.
  package init(_ content: Content, at position: SourcePosition) {
    self.content = content
    self.position = position
  }
}

extension YAMLNode: Hashable {
  /// Two nodes are equal if their contents are; positions and the order of keys don't matter.
  package static func == (left: YAMLNode, right: YAMLNode) -> Bool {
    guard let one = left.mapping, let other = right.mapping else {
      return left.content == right.content
    }
    return one.count == other.count
      && one.allSatisfy { key, entry in other[key]?.value == entry.value }
  }

  /// Equal nodes have the same hash, whatever the order of their keys.
  package func hash(into hasher: inout Hasher) {
    switch content {
    case .null: hasher.combine(0)
    case .boolean(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(value)
    case .unsigned(let value): hasher.combine(value)
    case .decimal(let value): hasher.combine(value)
    case .single(let value): hasher.combine(value)
    case .timestamp(let text), .string(let text): hasher.combine(text)
    case .sequence(let items): hasher.combine(items)
    case .mapping(let entries):
      hasher.combine(
        entries.reduce(entries.count) { sum, item in
          var inner = Hasher()
          inner.combine(item.key)
          inner.combine(item.value.value)
          return sum ^ inner.finalize()
        })
    }
  }

  /// True if another node has the same content in the same notation.
  package func isTextuallyEqual(to other: YAMLNode) -> Bool {
    guard form == other.form else { return false }
    switch (content, other.content) {
    case (.mapping(let one), .mapping(let other)):
      guard one.count == other.count, form != .listed || one.keys == other.keys else {
        return false
      }
      return one.allSatisfy { key, entry in
        other[key].map { entry.value.isTextuallyEqual(to: $0.value) } ?? false
      }
    case (.sequence(let one), .sequence(let other)):
      return one.count == other.count && zip(one, other).allSatisfy { $0.isTextuallyEqual(to: $1) }
    default: return content == other.content
    }
  }

  /// Marks all short forms in the tree as long forms.
  package mutating func canonicalizeForms() {
    if form == .short { form = .long }
    editEach { (_: String, value: inout YAMLNode) in value.canonicalizeForms() }
    editItems { (item: inout YAMLNode) in item.canonicalizeForms() }
  }
}

// Inlined into their callers, these make the optimizer of Swift 6.3 fail (CopyPropagation).
extension YAMLNode {
  /// True for `null`.
  package var isNull: Bool {
    if case .null = content { return true }
    return false
  }

  /// The string; nil for other content.
  @inline(never)
  package var string: String? {
    if case .string(let value) = content { return value }
    return nil
  }

  /// The boolean; nil for other content.
  @inline(never)
  package var boolean: Bool? {
    if case .boolean(let value) = content { return value }
    return nil
  }

  /// The integer; nil for other content.
  @inline(never)
  package var integer: Int64? {
    if case .integer(let value) = content { return value }
    return nil
  }

  /// The items of a list; nil for other content.
  @inline(never)
  package var sequence: [YAMLNode]? {
    if case .sequence(let items) = content { return items }
    return nil
  }

  /// The entries of a mapping; nil for other content.
  @inline(never)
  package var mapping: OrderedDictionary<String, Entry>? {
    if case .mapping(let entries) = content { return entries }
    return nil
  }

  /// The value of a key; nil if the node isn't a mapping or has no such key.
  @inline(never)
  package subscript(key: String) -> YAMLNode? { mapping?[key]?.value }

  /// The position of a key of a mapping; the node's own position if the key doesn't exist.
  package func position(ofKey key: String) -> SourcePosition {
    mapping?[key]?.keyPosition ?? position
  }

  /// The list's strings; empty if the node isn't a list.
  package var strings: [String] { sequence?.compactMap(\.string) ?? [] }

  /// The name of the content's type in messages.
  package var kind: String {
    switch content {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer, .unsigned: "a whole number"
    case .decimal, .single: "a number"
    case .timestamp: "a date"
    case .string: "a string"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The text of a scalar as Docker Compose writes it in place of a string; nil for lists, mappings
  /// and null.
  package var scalarText: String? {
    switch content {
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .decimal(let value): NumberText.general(value)
    case .single(let value): NumberText.general(value)
    case .timestamp(let value): Timestamp.spelledOut(value)
    case .string(let value): value
    case .null, .sequence, .mapping: nil
    }
  }
}
