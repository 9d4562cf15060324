/// Puts an answer's head together from the lines that curl hands over, passing over interim (1xx) answers.
struct HeadParser {
  private var hasStatusLine = false
  private var headers: [(name: String, value: String)] = []

  /// Takes a line with its line end.
  ///
  /// - Parameters:
  ///   - line: the line.
  ///   - status: the response code as curl read it: a header's name may begin with `HTTP/` too.
  /// - Returns: the head, when the line ends it.
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
