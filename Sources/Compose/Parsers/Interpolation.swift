import YAML

/// Variables in strings (Compose specification, "Interpolation").
///
/// `$VAR ${VAR} ${VAR:-default} ${VAR-default} ${VAR:?message} ${VAR?message} ${VAR:+other}
/// ${VAR+other} $$`; the text after an operator is interpolated as well.
struct Interpolation {
  /// An error in one string.
  enum Fault: Error, Equatable {
    /// A `${` without an end or without a valid variable.
    case invalid
    /// An expression that the format of Compose 1 doesn't support.
    case notInLegacy
    /// Defaults that are nested too deeply.
    case tooDeep
    /// A result that exceeds the size limit.
    case tooLong
    /// Too many variables.
    case tooMany
    /// A required variable that isn't set.
    case required(variable: String, message: String)
  }

  /// An error and the UTF-8 offset of its `$`.
  struct Failure: Error {
    let fault: Fault
    let offset: Int
  }

  /// An unset variable and the UTF-8 offset of its `$`.
  struct Undefined {
    let name: String
    let offset: Int
  }

  /// The maximum nesting depth of expressions.
  static let depthLimit = 50
  /// The maximum size of one interpolated string, in bytes.
  static let stringLimit = 8 << 20
  /// The maximum total size of the interpolated strings of a project, and of an env file, in bytes.
  static let totalLimit = 64 << 20

  /// The maximum number of variables that the strings of a project, or of an env file, use.
  static let useLimit = InputBudget.Resource.uses.limit

  /// The supported expressions.
  enum Format {
    /// The expressions of the specification.
    case modern
    /// Only `$VAR ${VAR} $$`, as in the format of Compose 1.
    case legacy
  }

  /// Returns a variable's value; nil if it isn't set.
  let lookUp: (String) -> String?
  private let format: Format
  /// Used variables that have neither a value nor a default, in order.
  private(set) var undefined: [Undefined] = []
  /// The number of variables used.
  private(set) var uses = 0
  /// The index of the closing brace, by the index of the opening brace.
  private var closing: [Int: Int] = [:]

  /// Creates an interpolation with a source of variables.
  init(as format: Format = .modern, lookUp: @escaping (String) -> String?) {
    self.lookUp = lookUp
    self.format = format
  }

  /// The interpolated string; nil if it contains no `$`.
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
    // A nested expression is part of an outer one, which has been searched already.
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

  /// Finds the ends of the `${…}` expressions of a text in one pass.
  ///
  /// - Parameter text: The text; its slices have the same indices.
  /// - Returns: The index of each `}` by the index of its `{`; nil if there are too many.
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
