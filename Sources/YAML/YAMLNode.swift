import OrderedCollections

/// A node of a YAML document that knows its place (YAML 1.2, "Representation Graph").
///
/// Aliases and merge keys are already resolved; a node that came through one keeps the place of its
/// anchor, since that is the line to edit.
public struct YAMLNode: Sendable {
  /// What a node holds. Plain scalars are typed as Docker Compose's YAML library types them.
  public enum Content: Sendable, Equatable {
    /// `null`, `~` or nothing at all.
    case null
    /// `true` or `false`; `yes`, `no`, `on` and `off` are strings.
    case boolean(Bool)
    /// An integer: decimal, `0x`, `0o` or with a leading zero octal, `0b`.
    case integer(Int64)
    /// An integer above `Int64.max`.
    case unsigned(UInt64)
    /// A number with a fraction or an exponent.
    case decimal(Double)
    /// A number of single precision, as `cpus:` is kept.
    case single(Float)
    /// A date or a time, in the form of RFC 3339.
    case timestamp(String)
    /// A string.
    case string(String)
    /// A list.
    case sequence([YAMLNode])
    /// A mapping in the order of the file.
    case mapping(OrderedDictionary<String, Entry>)
  }

  /// One key of a mapping and its value.
  public struct Entry: Sendable, Equatable {
    /// Where the key stands.
    public var keyPosition: SourcePosition
    /// The value.
    public var value: YAMLNode
    /// Makes an entry.
    public init(keyPosition: SourcePosition, value: YAMLNode) {
      self.keyPosition = keyPosition
      self.value = value
    }

    /// Two entries are equal if they hold the same, wherever they stand.
    public static func == (left: Entry, right: Entry) -> Bool { left.value == right.value }
  }

  /// What the node holds.
  public var content: Content
  /// Where it starts.
  public var position: SourcePosition
  /// What it does to the files before it.
  public var directive = Directive.none
  /// How it is written, where files that are merged must tell.
  public var form = Form.long
  /// Positions of the `$` characters of its text, in order; nil where there are none, or they are
  /// not known.
  public var dollars: [SourcePosition.Place]?

  /// The form that a value was written in.
  public enum Form: Sendable {
    /// As it stands.
    case long
    /// In a short form; from the next file on it is a long one.
    case short
    /// As a list of `NAME=value`.
    case listed
  }

  /// A tag that changes merging (Compose specification, "Merge and override").
  public enum Directive: Sendable {
    /// None: the value is merged.
    case none
    /// `!reset`: the value of the files before goes.
    case reset
    /// `!override`: the value takes that one's place.
    case override
  }

  /// Makes a node.
  public init(_ content: Content, at position: SourcePosition) {
    self.content = content
    self.position = position
  }
}

extension YAMLNode: Hashable {
  /// Two nodes are equal if they hold the same, wherever they stand, and in whatever order the keys do.
  public static func == (left: YAMLNode, right: YAMLNode) -> Bool {
    guard let one = left.mapping, let other = right.mapping else {
      return left.content == right.content
    }
    return one.count == other.count
      && one.allSatisfy { key, entry in other[key]?.value == entry.value }
  }

  /// Nodes that are equal have one hash, whatever the order of their keys.
  public func hash(into hasher: inout Hasher) {
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

  /// True if another node holds the same in the same form.
  public func isWritten(as other: YAMLNode) -> Bool {
    guard form == other.form else { return false }
    switch (content, other.content) {
    case (.mapping(let one), .mapping(let other)):
      guard one.count == other.count, form != .listed || one.keys == other.keys else {
        return false
      }
      return one.allSatisfy { key, entry in
        other[key].map { entry.value.isWritten(as: $0.value) } ?? false
      }
    case (.sequence(let one), .sequence(let other)):
      return one.count == other.count && zip(one, other).allSatisfy { $0.isWritten(as: $1) }
    default: return content == other.content
    }
  }

  /// Makes its short forms long ones.
  public mutating func settle() {
    if form == .short { form = .long }
    editEach { (_: String, value: inout YAMLNode) in value.settle() }
    editItems { (item: inout YAMLNode) in item.settle() }
  }
}

// Inlined, these make the optimizer of Swift 6.3 fail in their callers (CopyPropagation).
extension YAMLNode {
  /// True for `null`.
  public var isNull: Bool {
    if case .null = content { return true }
    return false
  }

  /// The string, if it is one.
  @inline(never)
  public var string: String? {
    if case .string(let value) = content { return value }
    return nil
  }

  /// The boolean, if it is one.
  @inline(never)
  public var boolean: Bool? {
    if case .boolean(let value) = content { return value }
    return nil
  }

  /// The integer, if it is one.
  @inline(never)
  public var integer: Int64? {
    if case .integer(let value) = content { return value }
    return nil
  }

  /// The items, if it is a list.
  @inline(never)
  public var sequence: [YAMLNode]? {
    if case .sequence(let items) = content { return items }
    return nil
  }

  /// The entries, if it is a mapping.
  @inline(never)
  public var mapping: OrderedDictionary<String, Entry>? {
    if case .mapping(let entries) = content { return entries }
    return nil
  }

  /// The value of a key; nil if the node is no mapping or has no such key.
  @inline(never)
  public subscript(key: String) -> YAMLNode? { mapping?[key]?.value }

  /// Where a key of a mapping stands; the node's own place if there is none.
  public func position(ofKey key: String) -> SourcePosition {
    mapping?[key]?.keyPosition ?? position
  }

  /// The list's strings; empty if the node is no list.
  public var strings: [String] { sequence?.compactMap(\.string) ?? [] }

  /// What a message calls this kind of node.
  public var kind: String {
    switch content {
    case .null: "nothing"
    case .boolean: "a boolean"
    case .integer, .unsigned: "a whole number"
    case .decimal, .single: "a number"
    case .timestamp: "a date"
    case .string: "a string"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// A scalar as the text that Docker Compose makes of it where it wants a string; nil for
  /// lists, mappings and null.
  public var scalarText: String? {
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
