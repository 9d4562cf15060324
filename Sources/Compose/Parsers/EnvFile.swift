import OrderedCollections

/// A file of variables: `.env` and `env_file:` (Compose specification, "env_file", "Env_file
/// format").
struct EnvFile {
  /// A syntax error and its line.
  struct Fault: Error {
    let line: Int
    let message: String

    /// The message for a file with too many variables.
    static let tooMany = "more variables than the maximum of \(InputLimits.variables)"
  }

  /// The variables, in the order of the file.
  private(set) var variables: OrderedDictionary<String, String>
  private let lookUp: (String) -> String?
  private var text: ArraySlice<UInt8>
  private var line = 1
  /// The bytes of the values read so far.
  private var size = 0
  private var uses = 0

  /// Parses a file's bytes. `lookUp` returns variables that override those of the file; `variables`
  /// are those of earlier files. `size` gets the bytes of the values.
  static func read(
    _ bytes: [UInt8], after variables: OrderedDictionary<String, String> = [:],
    size: inout Int, lookUp: @escaping (String) -> String?
  ) throws(Fault) -> OrderedDictionary<String, String> {
    var file = EnvFile(variables: variables, lookUp: lookUp, text: bytes[...])
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { file.text = bytes.dropFirst(3) }
    try file.read()
    size += file.size
    return file.variables
  }

  private mutating func read() throws(Fault) {
    while skipToStatement() {
      guard let key = try key() else { continue }
      skip(Self.isBlank)
      let value = try value()
      size += value.utf8.count
      guard size <= Interpolation.totalLimit else {
        throw Fault(line: line, message: Interpolation.Fault.tooLong.message(quoting: key))
      }
      variables[key] = value
      guard variables.count <= InputLimits.variables else {
        throw Fault(line: line, message: Fault.tooMany)
      }
    }
  }

  private mutating func skipToStatement() -> Bool {
    while let first = text.first {
      if first == UInt8(ascii: "#") {
        skip { $0 != UInt8(ascii: "\n") }
      } else if Self.isBlank(first) || first == UInt8(ascii: "\n") {
        if first == UInt8(ascii: "\n") { line += 1 }
        text = text.dropFirst()
      } else {
        return true
      }
    }
    return false
  }

  /// The variable's name before its `=` or `:`; nil for a name without a value, which gets its
  /// value from `lookUp`.
  private mutating func key() throws(Fault) -> String? {
    let word = Array("export".utf8)
    if text.starts(with: word), let next = text.dropFirst(word.count).first, Self.isBlank(next) {
      text = text.dropFirst(word.count)
      skip(Self.isBlank)
    }
    var end = text.endIndex
    var isAlone = true
    scan: for index in text.indices {
      switch text[index] {
      case UInt8(ascii: "="), UInt8(ascii: ":"):
        (end, isAlone) = (index, false)
        break scan
      case UInt8(ascii: "\n"):
        end = index
        break scan
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: "]"), 0x80...0xFF:
        continue
      case let byte where Self.isBlank(byte):
        continue
      default:
        throw Fault(
          line: line,
          message: "`\(Self.text(text[index...index]))` isn't allowed in a variable's name")
      }
    }
    // Docker Compose treats a name without `=` at the end of the file as the value of an empty
    // name.
    if isAlone, end == text.endIndex { return "" }
    var name = text[text.startIndex..<end]
    while let last = name.last, Self.isBlank(last) { name = name.dropLast() }
    text = end == text.endIndex ? text[end...] : text[(end + (isAlone ? 0 : 1))...]
    guard !name.contains(UInt8(ascii: " ")) else {
      throw Fault(line: line, message: "the variable's name `\(Self.text(name))` contains a space")
    }
    let key = Self.text(name)
    if isAlone {
      if let value = lookUp(key) {
        size += value.utf8.count
        variables[key] = value
      }
      return nil
    }
    return key
  }

  private mutating func value() throws(Fault) -> String {
    if let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      return try quoted(quote)
    }
    var value = text.prefix { $0 != UInt8(ascii: "\n") }
    text = text[value.endIndex...]
    for index in value.indices.dropLast()
    where value[index] == UInt8(ascii: " ") && value[index + 1] == UInt8(ascii: "#") {
      value = value[..<index]
      break
    }
    while let last = value.last, Self.isBlank(last) { value = value.dropLast() }
    return try expand(Self.text(value), at: line)
  }

  private mutating func quoted(_ quote: UInt8) throws(Fault) -> String {
    let start = line
    var value: [UInt8] = []
    var index = text.startIndex + 1
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte == UInt8(ascii: "\\"), index + 1 < text.endIndex {
        let next = text[index + 1]
        if next == UInt8(ascii: "\n") { line += 1 }
        value += next == quote ? [next] : [byte, next]
        index += 2
      } else if byte == quote {
        text = text[(index + 1)...]
        let literal = Self.text(value[...])
        return quote == UInt8(ascii: "'")
          ? literal
          : try expand(
            unescape(literal), at: start, isSpread: !literal.contains("\\"))
      } else {
        value.append(byte)
        index += 1
      }
    }
    throw Fault(line: start, message: "the quote that starts here is not closed")
  }

  /// Replaces the escape sequences of double quotes; `\$` becomes `$$`, which stays a dollar sign.
  private func unescape(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        out.append(bytes[index])
        index += 1
        continue
      }
      let next = bytes[index + 1]
      index += 2
      switch next {
      case UInt8(ascii: "$"): out += [next, next]
      case UInt8(ascii: "a"): out.append(0x07)
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "c"): out += [UInt8(ascii: "\\"), next]
      case UInt8(ascii: "f"): out.append(0x0C)
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "v"): out.append(0x0B)
      case UInt8(ascii: "\\"): out.append(next)
      case UInt8(ascii: "0"):
        let digits = bytes[index...].prefix(3).prefix { $0 >= 48 && $0 <= 55 }
        if digits.count == 3, let code = UInt8(Self.text(digits), radix: 8) {
          out.append(code)
          index += 3
        } else {
          out += [UInt8(ascii: "\\"), next]
        }
      default: out += [UInt8(ascii: "\\"), next]
      }
    }
    return Self.text(out[...])
  }

  /// Interpolates a value; `isSpread` is true if its lines are also lines of the file.
  private mutating func expand(
    _ text: String, at line: Int, isSpread: Bool = false
  ) throws(Fault) -> String {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
    let known = (lookUp, variables)
    var interpolation = Interpolation { name in known.0(name) ?? known.1[name] }
    do throws(Interpolation.Failure) {
      let replaced = try interpolation.replace(text) ?? text
      uses += interpolation.uses
      guard uses <= Interpolation.useLimit else {
        throw Interpolation.Failure(fault: .tooMany, offset: 0)
      }
      return replaced
    } catch {
      throw Fault(
        line: line + (isSpread ? error.linesBefore(in: text) : 0),
        message: error.message(in: text))
    }
  }

  private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
    text = text.drop(while: isSkipped)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0B || byte == 0x0C || byte == 0x0D
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
