import CYaml
import OrderedCollections

/// Parses YAML text into nodes from libyaml's events.
///
/// Files are untrusted: their size, depth and expanded aliases are bounded.
package struct YAMLParser: ~Copyable {
  /// Limits on the input.
  package enum Limit {
    /// Bytes of one file.
    package static let bytes = 8 << 20
    /// Levels of nesting.
    package static let depth = 100
    /// Nodes that the aliases of one file expand to.
    package static let unfolded = 250_000
  }

  /// A node and the size of its tree, with expanded aliases.
  private struct Composed {
    var node: YAMLNode
    var nodes = 1
    var height = 0
    /// The bytes of all keys and values.
    var bytes = 0

    /// Adds the size of an inner node.
    mutating func add(_ inner: Composed) {
      nodes += inner.nodes
      bytes += inner.bytes
      height = max(height, inner.height + 1)
    }
  }

  private let file: String
  var source: SourceText
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  var event = yaml_event_t()
  // Anchors of one document are valid in the following documents as well, as in Docker Compose.
  private var anchors: [String: Composed] = [:]
  private var openAnchors: Set<String> = []
  private var unfolded = 0
  private let budget: InputBudget
  private var hasDirectives = false

  /// One document of a file.
  package struct Document {
    /// The root node.
    package var root: YAMLNode
    /// True if a tag in the document changes merging.
    package var hasDirectives: Bool
  }

  /// All non-empty documents of a file.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes.
  ///   - file: The name of the file in messages.
  ///   - budget: The budget of the keys and list items of all files of the project.
  /// - Returns: The documents.
  /// - Throws: A `DiagnosticError` with its position.
  package static func documents(
    in bytes: [UInt8], file: String, within budget: InputBudget = InputBudget()
  ) throws(DiagnosticError) -> [Document] {
    guard bytes.count <= Limit.bytes else {
      throw DiagnosticError(
        "the file has \(bytes.count) bytes, more than the maximum of \(Limit.bytes)",
        at: SourcePosition(file: file, line: 1, column: 1))
    }
    // The standard library's closure can't throw a typed error, so the error is returned as a
    // result.
    let source = SourceText(bytes)
    let result: Result<[Document], DiagnosticError> = source.bytes.withUnsafeBufferPointer {
      buffer in
      do throws(DiagnosticError) {
        var parser = try YAMLParser(buffer, of: source, file: file, budget)
        return .success(try parser.documents())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(
    _ bytes: UnsafeBufferPointer<UInt8>, of source: SourceText, file: String,
    _ budget: InputBudget
  ) throws(DiagnosticError) {
    self.file = file
    self.source = source
    self.budget = budget
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw DiagnosticError("not enough memory to parse \(file)")
    }
    if !source.isWide { yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING) }
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    var last = event
    yaml_event_delete(&last)
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  private mutating func documents() throws(DiagnosticError) -> [Document] {
    var found: [Document] = []
    var isFirst = true
    try advance()
    while event.type != YAML_STREAM_END_EVENT {
      try advance()
      if event.type == YAML_DOCUMENT_START_EVENT {
        // Every file has one; millions of empty ones take as much memory as keys.
        if !isFirst { try countEntry() }
        isFirst = false
        if let version = event.data.document_start.version_directive?.pointee,
          version.major != 1 || version.minor != 1
        {
          throw DiagnosticError(
            "`%YAML` can only be 1.1; remove the line", at: position(event.start_mark))
        }
        try advance()
        hasDirectives = false
        let node = try compose(depth: 0).node
        found.append(Document(root: node, hasDirectives: hasDirectives))
      }
    }
    return found
  }

  /// The node that starts with the current event.
  private mutating func compose(
    depth: Int
  ) throws(DiagnosticError) -> Composed {
    let start = position(event.start_mark)
    guard depth < Limit.depth else {
      throw DiagnosticError("nested deeper than \(Limit.depth) levels", at: start)
    }
    switch event.type {
    case YAML_ALIAS_EVENT:
      return try alias(at: start, depth: depth)
    case YAML_SCALAR_EVENT:
      let name = Self.text(event.data.scalar.anchor)
      let directive = directive(Self.text(event.data.scalar.tag))
      var node = YAMLNode(try scalar(), at: start)
      node.directive = directive
      node.dollars = dollars()
      let composed = Composed(node: node, bytes: Int(event.data.scalar.length))
      try advance()
      if let name { anchors[name] = composed }
      return composed
    case YAML_SEQUENCE_START_EVENT:
      let name = Self.text(event.data.sequence_start.anchor)
      let directive = directive(Self.text(event.data.sequence_start.tag))
      return try anchored(name, directive) { (parser) throws(DiagnosticError) in
        try parser.sequence(at: start, depth: depth)
      }
    case YAML_MAPPING_START_EVENT:
      let name = Self.text(event.data.mapping_start.anchor)
      let directive = directive(Self.text(event.data.mapping_start.tag))
      return try anchored(name, directive) { (parser) throws(DiagnosticError) in
        try parser.mapping(at: start, depth: depth)
      }
    default:
      throw DiagnosticError("this YAML can't be parsed", at: start)
    }
  }

  private mutating func anchored(
    _ name: String?, _ directive: YAMLNode.Directive,
    _ body: (inout YAMLParser) throws(DiagnosticError) -> Composed
  ) throws(DiagnosticError) -> Composed {
    if let name { openAnchors.insert(name) }
    var read = try body(&self)
    read.node.directive = directive
    guard let name else { return read }
    openAnchors.remove(name)
    anchors[name] = read
    return read
  }

  private mutating func alias(
    at start: SourcePosition, depth: Int
  ) throws(DiagnosticError) -> Composed {
    let name = Self.text(event.data.alias.anchor) ?? ""
    guard let anchor = anchors[name] else {
      throw DiagnosticError(
        openAnchors.contains(name)
          ? "the alias `*\(name)` is inside its own anchor"
          : "the alias `*\(name)` has no anchor `&\(name)` before it", at: start)
    }
    unfolded += anchor.nodes
    guard unfolded <= Limit.unfolded else {
      throw DiagnosticError("the aliases expand to more than \(Limit.unfolded) nodes", at: start)
    }
    guard depth + anchor.height < Limit.depth else {
      throw DiagnosticError("nested deeper than \(Limit.depth) levels", at: start)
    }
    try budget.take(anchor.bytes, .text, at: start)
    try advance()
    return anchor
  }

  private mutating func sequence(
    at start: SourcePosition, depth: Int
  ) throws(DiagnosticError) -> Composed {
    var items: [YAMLNode] = []
    var composed = Composed(node: YAMLNode(.sequence([]), at: start))
    try advance()
    while event.type != YAML_SEQUENCE_END_EVENT {
      try countEntry()
      let item = try compose(depth: depth + 1)
      items.append(item.node)
      composed.add(item)
    }
    try advance()
    composed.node.content = .sequence(items)
    return composed
  }

  private mutating func mapping(
    at start: SourcePosition, depth: Int
  ) throws(DiagnosticError) -> Composed {
    var building = MappingBuilder()
    var composed = Composed(node: YAMLNode(mappingAt: start))
    try advance()
    while event.type != YAML_MAPPING_END_EVENT {
      try countEntry()
      let keyPosition = position(event.start_mark)
      let isMerge = event.type == YAML_SCALAR_EVENT && isMergeKey
      let key = try compose(depth: depth + 1)
      let value = try compose(depth: depth + 1)
      composed.add(key)
      composed.add(value)
      if isMerge {
        try building.merge(value.node, at: keyPosition)
      } else {
        try building.add(key.node, at: keyPosition, value: value.node)
      }
    }
    try advance()
    composed.node.content = .mapping(building.finished())
    return composed
  }

  private func countEntry() throws(DiagnosticError) {
    guard budget.takeEntries() else {
      throw DiagnosticError(
        "the files have more keys and list items than the maximum of \(InputBudget.mostEntries)",
        at: position(event.start_mark))
    }
  }

  private mutating func directive(_ tag: String?) -> YAMLNode.Directive {
    switch tag {
    case "!reset":
      hasDirectives = true
      return .reset
    case "!override":
      hasDirectives = true
      return .override
    default: return .none
    }
  }

  private mutating func advance() throws(DiagnosticError) {
    yaml_event_delete(&event)
    guard yaml_parser_parse(parser, &event) == 1 else {
      event = yaml_event_t()
      throw failure()
    }
  }

  private func failure() -> DiagnosticError {
    let problem = Self.text(parser.pointee.problem) ?? "it can't be parsed"
    let context = Self.text(parser.pointee.context).map { "\($0), " } ?? ""
    if parser.pointee.error == YAML_READER_ERROR {
      let mark = parser.pointee.mark
      return DiagnosticError("not YAML: \(problem)", at: position(mark))
    }
    return DiagnosticError(
      "not YAML: \(context)\(problem)", at: position(parser.pointee.problem_mark))
  }

  func position(_ mark: yaml_mark_t) -> SourcePosition {
    SourcePosition(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(decodingCString: $0, as: UTF8.self) }
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}
