/// Parses the head of a response from the lines that curl delivers. Skips interim (1xx) responses.
struct HeadParser {
  private var hasStatusLine = false
  private var headers: [(name: String, value: String)] = []

  /// Handles a line, which includes its line break.
  ///
  /// - Parameters:
  ///   - line: The line.
  ///   - status: The status code as curl parsed it. The line alone isn't sufficient, since a
  ///     header's name may also begin with `HTTP/`.
  /// - Returns: The head, if this is its last line.
  mutating func take(_ line: UnsafeRawBufferPointer, status: Int) -> HTTPHead? {
    let text = Self.trimmed(line[...])
    guard !text.isEmpty else {
      defer { self = HeadParser() }
      return (100..<200).contains(status) ? nil : HTTPHead(status: status, headers: headers)
    }
    if !hasStatusLine {
      hasStatusLine = true
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: text[..<colon], as: UTF8.self)
      let value = String(decoding: Self.trimmed(text[(colon + 1)...]), as: UTF8.self)
      headers.append((name, value))
    }
    return nil
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<
    UnsafeRawBufferPointer
  > {
    let isSpace = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 || byte == 10 }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
      let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return bytes[bytes.endIndex...] }
    return bytes[first...last]
  }
}
