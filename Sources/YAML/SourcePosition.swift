/// A position in a file, as editors count it.
package struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
  /// The file's path, as the user named it.
  package let file: String
  /// The line, from 1.
  package let line: Int
  /// The column, from 1, in Unicode code points.
  package let column: Int

  /// Creates a position; line and column count from 1.
  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Only a line and a column, both from 1.
  package struct Location: Sendable {
    /// The line, from 1.
    package let line: Int32
    /// The column, from 1.
    package let column: Int32
  }

  /// `file:line:column`, the format that editors open.
  package var description: String { "\(file):\(line):\(column)" }
}

/// A value with its position, so that a later error can refer to it.
package struct Located<Value: Sendable>: Sendable {
  /// The value.
  package let value: Value
  /// The position of the value.
  package let position: SourcePosition

  /// Combines a value and its position.
  package init(_ value: Value, at position: SourcePosition) {
    self.value = value
    self.position = position
  }
}

extension Located: Equatable where Value: Equatable {}

/// An error in a Compose file, in one line.
package struct DiagnosticError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The position of the error, if it is in a file.
  package let position: SourcePosition?
  /// The problem and its remedy.
  package let message: String
  /// The positions of other values that led to the error.
  package let sources: [SourcePosition]
  /// Warnings that preceded the error, such as an unset variable.
  package var warnings: [Located<String>] = []
  /// The file with the error, if the error has no position.
  package var file: String?
  /// The operator's setting that would permit the refused value.
  package var remedy: Remedy?

  /// A setting that permits something.
  package struct Remedy: Sendable, Equatable {
    /// The name of the setting.
    package let setting: String
    /// The entry to add to the setting; nil if the setting must be `true`.
    package let value: String?

    /// Creates a remedy from a setting and the entry to add.
    package init(setting: String, value: String?) {
      self.setting = setting
      self.value = value
    }
  }

  /// Creates an error at a position.
  package init(_ message: String, at position: SourcePosition? = nil) {
    self.init(message, at: position, from: [])
  }

  /// Creates an error at a position, caused by other values.
  package init(_ message: String, at position: SourcePosition?, from sources: [YAMLNode?]) {
    self.position = position
    self.sources = sources.compactMap { $0?.position }
    self.message = Self.line(of: message)
  }

  /// The maximum size of a message in bytes: a key in a file can have megabytes.
  private static let longest = 16_384

  /// The maximum number of characters of a quotation in a message.
  private static let longestQuotation = 200

  /// The message in one line. Of a multi-line quotation, only the first line is kept, and a long
  /// one is shortened.
  private static func line(of message: String) -> String {
    let message = cut(shortened(message))
    guard message.contains(where: \.isNewline) else { return message }
    let parts = message.split(separator: "`", omittingEmptySubsequences: false).enumerated().map {
      index, part in
      let lines = part.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      guard index % 2 == 1, lines.count > 1 else { return lines.joined(separator: "\\n") }
      return (lines.first { !$0.isEmpty } ?? "") + "…"
    }
    return parts.joined(separator: "`")
  }

  /// The message with shortened quotations. Where a quotation contains a backquote, it isn't known
  /// which parts are quotations.
  private static func shortened(_ message: String) -> String {
    guard message.utf8.count > 2 * longestQuotation else { return message }
    let parts = message.utf8.split(separator: UInt8(ascii: "`"), omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return message }
    return parts.enumerated().map { index, part in
      let text = String(Substring(part))
      return index % 2 == 0 || part.count <= longestQuotation
        ? text : text.prefix(longestQuotation) + "…"
    }.joined(separator: "`")
  }

  private static func cut(_ message: String) -> String {
    guard message.utf8.count > longest else { return message }
    return String(decoding: message.utf8.prefix(longest - 8), as: UTF8.self) + "…"
  }

  /// The names of a path, such as `a -> b -> a`; of a long one, the first and last six.
  package static func path(_ names: [String]) -> String {
    let shown =
      names.count <= 13
      ? names : names.prefix(6) + ["… \(names.count - 12) more …"] + names.suffix(6)
    return shown.joined(separator: " -> ")
  }

  /// `file:line:column: message`, or only the message.
  package var description: String {
    guard let position else { return message }
    return "\(position): \(message)"
  }
}
