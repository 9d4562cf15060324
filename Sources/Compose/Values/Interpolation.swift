import YAML

/// Variables in strings (Compose specification, "Interpolation").
///
/// `$VAR ${VAR} ${VAR:-default} ${VAR-default} ${VAR:?message} ${VAR?message} ${VAR:+other}
/// ${VAR+other} $$`; what follows an operator is interpolated itself.
struct Interpolation {
  /// What went wrong with one string.
  enum Fault: Error, Equatable {
    /// A `${` that doesn't end, or what it holds is no variable.
    case invalid
    /// An expression that the format of Compose 1 hasn't.
    case notInLegacy
    /// Defaults inside defaults, too deep.
    case tooDeep
    /// More bytes than any file needs.
    case tooLong
    /// More variables than any file uses.
    case tooMany
    /// A variable that must be set isn't.
    case required(variable: String, message: String)
  }

  /// A fault, and the `$` that it starts at: its offset in the text's UTF-8.
  struct Failure: Error {
    let fault: Fault
    let offset: Int
  }

  /// A variable that is not set, and the `$` that asks for it.
  struct Undefined {
    let name: String
    let offset: Int
  }

  /// How deep expressions may stand in each other.
  static let depthLimit = 50
  /// How many bytes variables may make of one string.
  static let stringLimit = 8 << 20
  /// How many bytes variables may add to all strings of a project, and to a file of variables.
  static let totalLimit = 64 << 20

  /// How many variables the strings of a project, and those of a file of variables, may use.
  static let useLimit = InputBudget.Resource.uses.limit

  /// Which expressions there are.
  enum Format {
    /// Those of the specification.
    case modern
    /// `$VAR ${VAR} $$` alone, as in the format of Compose 1.
    case legacy
  }

  /// Gives a variable's value; nil where it is not set.
  let lookUp: (String) -> String?
  private let format: Format
  /// Variables without value or default that were asked for, in order.
  private(set) var undefined: [Undefined] = []
  /// How many variables were used.
  private(set) var uses = 0
  /// Where the brace is that closes the one at an index.
  private var closing: [Int: Int] = [:]

  /// Makes an interpolation over a source of variables.
  init(as format: Format = .modern, lookUp: @escaping (String) -> String?) {
    self.lookUp = lookUp
    self.format = format
  }

  /// The string with its variables replaced; nil where there is nothing to replace.
  mutating func replace(_ text: String) throws(Failure) -> String? {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
    let bytes = Array(text.utf8)
    guard let closing = Self.closingBraces(of: bytes) else {
      throw Failure(fault: .tooMany, offset: bytes.firstIndex(of: UInt8(ascii: "$")) ?? 0)
    }
    self.closing = closing
    return String(decoding: try expand(bytes[...], depth: 0), as: UTF8.self)
  }

  private mutating func expand(
    _ text: ArraySlice<UInt8>, depth: Int
  ) throws(Failure) -> [UInt8] {
    func failure(_ fault: Fault, at offset: Int) -> Failure {
      Failure(fault: fault, offset: offset)
    }
    guard depth < Self.depthLimit else { throw failure(.tooDeep, at: text.startIndex) }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var rest = text
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      guard out.count <= Self.stringLimit else { throw failure(.tooLong, at: dollar) }
      out += rest[..<dollar]
      rest = rest[(dollar + 1)...]
      switch rest.first {
      case UInt8(ascii: "$"):
        out.append(UInt8(ascii: "$"))
        rest = rest.dropFirst()
      case UInt8(ascii: "{"):
        guard let end = closing[rest.startIndex] else { throw failure(.invalid, at: dollar) }
        try count(at: dollar)
        out += try braced(rest[(rest.startIndex + 1)..<end], depth: depth, dollar)
        rest = rest[(end + 1)...]
      default:
        let name = Self.name(at: rest)
        if name.isEmpty {
          guard format == .modern else { throw failure(.invalid, at: dollar) }
          out.append(UInt8(ascii: "$"))
        } else {
          try count(at: dollar)
          out += value(of: name, dollar)
          rest = rest[name.endIndex...]
        }
      }
    }
    return out + rest
  }

  private mutating func braced(
    _ body: ArraySlice<UInt8>, depth: Int, _ dollar: Int
  ) throws(Failure) -> [UInt8] {
    func failure(_ fault: Fault) -> Failure { Failure(fault: fault, offset: dollar) }
    let name = Self.name(at: body)
    // What is in another expression was searched with it.
    guard !name.isEmpty, depth > 0 || !body.contains(UInt8(ascii: "\n")) else {
      throw failure(.invalid)
    }
    var rest = body[name.endIndex...]
    guard let first = rest.first else { return value(of: name, dollar) }
    guard format == .modern else { throw failure(.notInLegacy) }
    let alsoWhenEmpty = first == UInt8(ascii: ":")
    if alsoWhenEmpty { rest = rest.dropFirst() }
    let variable = String(decoding: name, as: UTF8.self)
    let found = lookUp(variable)
    let isSet = alsoWhenEmpty ? found?.isEmpty == false : found != nil
    let operand = rest.dropFirst()
    switch rest.first {
    case UInt8(ascii: "-"):
      return isSet ? Array((found ?? "").utf8) : try expand(operand, depth: depth + 1)
    case UInt8(ascii: "+"):
      return isSet ? try expand(operand, depth: depth + 1) : Array((found ?? "").utf8)
    case UInt8(ascii: "?"):
      if isSet { return Array((found ?? "").utf8) }
      let message = try expand(operand, depth: depth + 1)
      throw failure(
        .required(variable: variable, message: String(decoding: message, as: UTF8.self)))
    default:
      throw failure(.invalid)
    }
  }

  private mutating func count(at dollar: Int) throws(Failure) {
    uses += 1
    guard uses <= Self.useLimit else { throw Failure(fault: .tooMany, offset: dollar) }
  }

  private mutating func value(of name: ArraySlice<UInt8>, _ dollar: Int) -> [UInt8] {
    let variable = String(decoding: name, as: UTF8.self)
    guard let value = lookUp(variable) else {
      undefined.append(Undefined(name: variable, offset: dollar))
      return []
    }
    return Array(value.utf8)
  }

  static func name(at text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    text.prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }.count == 0
      ? text.prefix(0)
      : text.prefix { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "_"), UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: false
        }
      }
  }

  /// Where the expressions `${…}` of a text end: the index of each one's `}` by that of its `{`, found in one pass.
  ///
  /// - Parameter text: the text, whose slices have the same indices.
  /// - Returns: the indices; nil where there are more than any file has.
  static func closingBraces(of text: [UInt8]) -> [Int: Int]? {
    var closing: [Int: Int] = [:]
    var open: [Int32] = []
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: "{") {
        open.append(Int32(index))
      } else if byte == UInt8(ascii: "}"), let start = open.popLast().map({ Int($0) }) {
        guard start > 0, text[start - 1] == UInt8(ascii: "$") else { continue }
        closing[start] = index
        if closing.count > useLimit { return nil }
      }
    }
    return closing
  }
}
