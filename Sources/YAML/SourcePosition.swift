/// A place in a Compose file, as editors count it.
public struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
  /// The file's path, as the user gave it.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The column, from 1, in Unicode code points.
  public let column: Int

  /// Makes a position; line and column count from 1.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Line and column alone, from 1.
  public struct Place: Sendable {
    /// The line, from 1.
    public let line: Int32
    /// The column, from 1.
    public let column: Int32
  }

  /// `file:line:column`, the form that editors jump to.
  public var description: String { "\(file):\(line):\(column)" }
}

/// A value together with the place that it was read from, so that an error found later can name it.
public struct Located<Value: Sendable>: Sendable {
  /// The value itself.
  public let value: Value
  /// Where it stands.
  public let position: SourcePosition

  /// Joins a value and its place.
  public init(_ value: Value, at position: SourcePosition) {
    self.value = value
    self.position = position
  }
}

extension Located: Equatable where Value: Equatable {}

/// What is wrong with a Compose file, in one line.
public struct ComposeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where, if the fault has a place in a file.
  public let position: SourcePosition?
  /// What is wrong, and what the reader can do.
  public let message: String
  /// Positions of values that it follows from, besides its own.
  public let sources: [SourcePosition]
  /// What was worth a warning before it, such as a variable that is not set.
  public var warnings: [Located<String>] = []
  /// The file that is to blame as a whole, where no position is.
  public var file: String?
  /// What of the operator's settings would have it pass.
  package var remedy: Remedy?

  /// A setting that permits something.
  package struct Remedy: Sendable, Equatable {
    /// Its name.
    package let setting: String
    /// What it would have to list; nil where it has to be `true`.
    package let value: String?

    /// A setting, and what it would have to list.
    package init(setting: String, value: String?) {
      self.setting = setting
      self.value = value
    }
  }

  /// Makes an error at a place.
  public init(_ message: String, at position: SourcePosition? = nil) {
    self.init(message, at: position, from: [])
  }

  /// Makes an error at a position that follows from values at others.
  public init(_ message: String, at position: SourcePosition?, from sources: [YAMLNode?]) {
    self.position = position
    self.sources = sources.compactMap { $0?.position }
    self.message = Self.line(of: message)
  }

  /// Bytes of the longest message: a file may have a key of megabytes.
  private static let longest = 16_384

  /// The message in one line: of what it quotes, the first line is enough.
  private static func line(of message: String) -> String {
    if message.utf8.count > longest {
      return line(of: String(decoding: message.utf8.prefix(longest - 8), as: UTF8.self) + "…")
    }
    guard message.contains(where: \.isNewline) else { return message }
    let parts = message.split(separator: "`", omittingEmptySubsequences: false).enumerated().map {
      index, part in
      let lines = part.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      guard index % 2 == 1, lines.count > 1 else { return lines.joined(separator: "\\n") }
      return (lines.first { !$0.isEmpty } ?? "") + "…"
    }
    return parts.joined(separator: "`")
  }

  /// `file:line:column: message`, or the message alone.
  public var description: String {
    guard let position else { return message }
    return "\(position): \(message)"
  }
}
