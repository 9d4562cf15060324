/// Parses a JSON text (RFC 8259) into nodes in the order of the text; a member's name is a string
/// node before its value.
///
/// The parser makes one pass without recursion, so deep nesting can't overflow the stack.
struct JSONParser {
  /// The maximum nesting depth of arrays and objects.
  static let mostLevels = 512

  private let bytes: [UInt8]
  private var position = 0
  private var nodes: [JSONNode] = []
  /// The indexes of the arrays and objects around the position.
  private var open: [Int] = []

  static func nodes(of bytes: [UInt8]) throws(JSONSyntaxError) -> [JSONNode] {
    var parser = JSONParser(bytes: bytes)
    try parser.parse()
    return parser.nodes
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func parse() throws(JSONSyntaxError) {
    guard bytes.count < UInt32.max else { throw fault("the text is too long") }
    guard (try? UTF8Span(validating: bytes.span)) != nil else { throw fault("invalid UTF-8") }
    // Growing would hold two copies; reserved memory that isn't written isn't allocated by the
    // kernel.
    if bytes.count > 1 << 20 { nodes.reserveCapacity(bytes.count / 16) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    while true {
      if try beginValue() { continue }
      guard try endValue() else { break }
    }
    guard next() == nil else { throw fault("unexpected character after the value") }
  }

  /// Reads a value without elements, or enters an array or object.
  ///
  /// - Returns: True if its first element is next.
  private mutating func beginValue() throws(JSONSyntaxError) -> Bool {
    switch next() {
    case UInt8(ascii: "{"): return try enter(.object)
    case UInt8(ascii: "["): return try enter(.array)
    case UInt8(ascii: "\""): try readString()
    case UInt8(ascii: "t"): try readWord("true", .true)
    case UInt8(ascii: "f"): try readWord("false", .false)
    case UInt8(ascii: "n"): try readWord("null", .null)
    case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: try readNumber()
    case nil: throw fault("unexpected end")
    default: throw fault("unexpected character")
    }
    return false
  }

  /// Leaves the arrays and objects that end after a value.
  ///
  /// - Returns: True if another value is next.
  private mutating func endValue() throws(JSONSyntaxError) -> Bool {
    while let index = open.last {
      nodes[index].count += 1
      let kind = nodes[index].kind
      switch (kind, next()) {
      case (_, UInt8(ascii: ",")):
        position += 1
        if kind == .object { try readName() }
        return true
      case (.object, UInt8(ascii: "}")), (.array, UInt8(ascii: "]")): leave()
      case (_, nil): throw fault("unexpected end")
      default: throw fault("unexpected character")
      }
    }
    return false
  }

  private mutating func enter(_ kind: JSONNode.Kind) throws(JSONSyntaxError) -> Bool {
    guard open.count < Self.mostLevels else {
      throw fault("more than \(Self.mostLevels) nested arrays and objects")
    }
    open.append(nodes.count)
    append(kind, start: position)
    position += 1
    switch (kind, next()) {
    case (.object, UInt8(ascii: "}")), (.array, UInt8(ascii: "]")):
      leave()
      return false
    case (.object, _): try readName()
    default: break
    }
    return true
  }

  private mutating func leave() {
    position += 1
    nodes[open.removeLast()].next = UInt32(nodes.count)
  }

  /// Reads a member's name and its colon.
  private mutating func readName() throws(JSONSyntaxError) {
    guard next() == UInt8(ascii: "\"") else { throw fault("a member's name is missing") }
    try readString()
    guard next() == UInt8(ascii: ":") else { throw fault("a colon is missing") }
    position += 1
  }

  private mutating func readWord(
    _ word: StaticString, _ kind: JSONNode.Kind
  ) throws(JSONSyntaxError) {
    let start = position
    for offset in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[offset] else { throw fault("unexpected character") }
      position += 1
    }
    append(kind, start: start)
  }

  private mutating func readNumber() throws(JSONSyntaxError) {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") { position += 1 } else { try readDigits() }
    let end = position
    if current == UInt8(ascii: ".") {
      position += 1
      try readDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try readDigits()
    }
    append(.number, start: start, isPlain: position == end)
  }

  private mutating func readDigits() throws(JSONSyntaxError) {
    let start = position
    while let byte = current, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
    guard position > start else { throw fault("a digit is missing") }
  }

  private mutating func readString() throws(JSONSyntaxError) {
    position += 1
    let start = position
    var isPlain = true
    while true {
      switch current {
      case UInt8(ascii: "\""):
        append(.string, start: start, isPlain: isPlain)
        position += 1
        return
      case UInt8(ascii: "\\"):
        isPlain = false
        try readEscape()
      case nil: throw fault("unexpected end")
      case (0..<0x20)?: throw fault("a control character in a string")
      default: position += 1
      }
    }
  }

  /// Reads an escape; both halves of a surrogate pair at once.
  private mutating func readEscape() throws(JSONSyntaxError) {
    position += 1
    switch current {
    case UInt8(ascii: "u"): break
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 1
      return
    default: throw fault("an unknown escape")
    }
    let unit = try readUnit()
    if UTF16.isTrailSurrogate(unit) { throw fault("half of a surrogate pair") }
    guard UTF16.isLeadSurrogate(unit) else { return }
    guard current == UInt8(ascii: "\\") else { throw fault("half of a surrogate pair") }
    position += 1
    guard current == UInt8(ascii: "u"), UTF16.isTrailSurrogate(try readUnit()) else {
      throw fault("half of a surrogate pair")
    }
  }

  /// Reads the digits of `\uXXXX`, beginning at the `u`.
  private mutating func readUnit() throws(JSONSyntaxError) -> UInt16 {
    position += 1
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = current.flatMap(hexadecimalValue) else {
        throw fault("a hexadecimal digit is missing")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private mutating func append(_ kind: JSONNode.Kind, start: Int, isPlain: Bool = true) {
    nodes.append(
      JSONNode(
        kind: kind, isPlain: isPlain, start: UInt32(start), end: UInt32(position),
        next: UInt32(nodes.count + 1)))
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// Advances to the next byte that isn't whitespace, and returns it.
  private mutating func next() -> UInt8? {
    while let byte = current {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return byte
      }
    }
    return nil
  }

  private func fault(_ problem: String) -> JSONSyntaxError {
    JSONSyntaxError(problem: problem, offset: position)
  }
}

/// The value of a hexadecimal digit; nil for other bytes.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
