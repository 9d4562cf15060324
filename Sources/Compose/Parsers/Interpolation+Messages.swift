extension Interpolation.Failure {
  /// The message for a user; it quotes the line that contains the `$`.
  func message(in text: String) -> String {
    fault.message(quoting: Excerpt.line(of: text, at: offset))
  }

  /// The number of line breaks before the `$`.
  func linesBefore(in text: String) -> Int {
    text.utf8.prefix(offset).count { $0 == UInt8(ascii: "\n") }
  }
}

extension Interpolation.Fault {
  /// The message for a user; it quotes a part of the text.
  func message(quoting text: String) -> String {
    switch self {
    case .invalid:
      "`\(text)` contains a `$` that starts no valid variable; write `$$` for a literal `$`"
    case .notInLegacy:
      "`\(text)`: a file without `services:` supports only `$NAME`, `${NAME}`, and `$$` for a literal `$`"
    case .tooLong:
      "the variables expand to more than \(Interpolation.stringLimit >> 20) MiB in one value, or to more than \(Interpolation.totalLimit >> 20) MiB in all"
    case .tooMany:
      "more uses of variables than the maximum of \(Interpolation.useLimit)"
    case .tooDeep:
      "variables nested deeper than \(Interpolation.depthLimit) levels"
    case .required(let variable, let message):
      "the variable `\(variable)` must be set" + (message.isEmpty ? "" : ": \(message)")
    }
  }
}

/// A part of a text that is short enough to quote.
enum Excerpt {
  /// The maximum number of quoted characters.
  static let limit = 80

  /// The line at a UTF-8 offset of a text, without surrounding whitespace; long lines are shortened
  /// at both ends.
  static func line(of text: String, at offset: Int) -> String {
    // Bounds the search for line breaks: a line can have megabytes.
    let near = 4096
    let cut = max(0, offset - near)
    let bytes = Array(text.utf8.dropFirst(cut).prefix(2 * near))
    let middle = offset - cut
    let isBreak = { (byte: UInt8) in byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
    let start = bytes[..<middle].lastIndex(where: isBreak).map { $0 + 1 } ?? 0
    let end = bytes[middle...].firstIndex(where: isBreak) ?? bytes.count
    let before = String(decoding: bytes[start..<middle], as: UTF8.self)
    let after = String(decoding: bytes[middle..<end], as: UTF8.self)
    let head = before.drop(while: \.isWhitespace)
    let tail = String(after.reversed().drop(while: \.isWhitespace).reversed())
    guard head.count + tail.count > limit else { return head + tail }
    // The text after the `$` is more useful than the text before it.
    let kept = head.count > limit / 4 ? "…" + head.suffix(limit / 4) : head
    let room = limit - kept.count
    return kept + (tail.count > room ? tail.prefix(room) + "…" : tail)
  }
}
