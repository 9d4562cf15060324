/// The end of a command's help: examples and exit codes. The manual pages and
/// docs/reference/exit-codes.md contain the same.
public struct CommandManual: Sendable {
  /// A command line, and what it does.
  public struct Example: Sendable {
    /// As it is typed.
    public let line: String
    /// What it does.
    public let purpose: String

    static func shows(_ purpose: String, _ line: String) -> Self {
      Example(line: line, purpose: purpose)
    }
  }

  /// An exit code, and what it means.
  public struct Exit: Sendable {
    /// The code; a name in capitals where it is another's.
    public let code: String
    /// What it means.
    public let meaning: String

    static func code(_ code: Int, _ meaning: String) -> Self {
      Exit(code: String(code), meaning: meaning)
    }

    /// The command did what was asked for.
    static let done = code(0, "done")
    /// Any failure that has no code of its own.
    static let failed = code(1, "failed; standard error has the cause")
    /// The same for all programs.
    static let usage = code(2, "wrong command, option or value; nothing was done")
  }

  /// The command as it is typed, such as `compose-executor run`.
  public let command: String
  /// At least one.
  public let examples: [Example]
  /// In ascending order.
  public let exits: [Exit]

  init(_ command: String, _ examples: [Example], _ exits: [Exit] = [.done, .failed, .usage]) {
    self.command = command
    self.examples = examples
    self.exits = exits
  }

  /// The entry of a command.
  ///
  /// - Parameter command: as it is typed.
  /// - Returns: nil for a command that isn't in the table.
  public static func of(_ command: String) -> CommandManual? {
    table.first { $0.command == command }
  }

  /// The sections at the end of a help text.
  public var text: String {
    var lines = ["EXAMPLES:"]
    for example in examples { lines += ["  # " + example.purpose, "  " + example.line] }
    lines += ["", "EXIT STATUS:"]
    let width = exits.map(\.code.count).max() ?? 0
    for exit in exits {
      let gap = String(repeating: " ", count: width - exit.code.count)
      lines.append("  \(exit.code)\(gap)  \(exit.meaning)")
    }
    return lines.joined(separator: "\n")
  }
}
