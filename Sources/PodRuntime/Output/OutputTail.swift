/// The end of a stream, kept for the message of a failure.
struct OutputTail {
  private static let limit = 4096
  /// The longest kept part of a line, in Unicode scalars.
  private static let longestLine = 200
  private var bytes: [UInt8] = []

  /// Adds output of the container.
  mutating func append(_ new: [UInt8]) {
    bytes += new.suffix(Self.limit)
    if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
  }

  /// The last three non-empty lines, without control characters and sequences.
  var lines: [String] { last(3) }

  /// The last non-empty lines of the kept output.
  ///
  /// - Parameter count: the number of lines.
  /// - Returns: the lines, without control characters and sequences.
  func last(_ count: Int) -> [String] {
    Self.lastLines(of: String(decoding: bytes.suffix(Self.limit), as: UTF8.self), count)
  }

  /// The last `count` non-empty lines of a text, without control characters and sequences, each at
  /// most 200 Unicode scalars long.
  static func lastLines(of text: String, _ count: Int = 3) -> [String] {
    text.split(whereSeparator: { $0.isNewline })
      .map { plain($0).shortened(to: longestLine) }
      .filter { line in line.contains { $0 != " " } }
      .suffix(count)
  }

  /// A line without control characters and without the sequences that color a terminal (ECMA-48,
  /// CSI).
  private static func plain(_ line: Substring) -> String {
    var result = String.UnicodeScalarView()
    var isEscaped = false
    var isSequence = false
    for scalar in line.unicodeScalars {
      if isSequence {
        isSequence = !(0x40...0x7e ~= scalar.value)
      } else if isEscaped, scalar == "[" {
        isEscaped = false
        isSequence = true
      } else {
        isEscaped = scalar.value == 0x1b
        let isControl = scalar.value < 0x20 && scalar != "\t" || 0x7f...0x9f ~= scalar.value
        if !isControl { result.append(scalar == "\t" ? " " : scalar) }
      }
    }
    return String(result)
  }
}
