/// The end of a command's help: examples and exit codes. The manual pages and
/// docs/reference/exit-codes.md contain the same.
package struct CommandManual: Sendable {
  /// A command line and its purpose.
  package struct Example: Sendable {
    /// The command line as a user types it.
    package let line: String
    /// The purpose of the command line.
    package let purpose: String

    static func shows(_ purpose: String, _ line: String) -> Self {
      Example(line: line, purpose: purpose)
    }
  }

  /// An exit code and its meaning.
  package struct Exit: Sendable {
    /// The code; a name in capitals where the code is that of another program.
    package let code: String
    /// The meaning of the code.
    package let meaning: String

    static func code(_ code: Int, _ meaning: String) -> Self {
      Exit(code: String(code), meaning: meaning)
    }

    /// The command succeeded.
    static let done = code(0, "done")
    /// A failure without an exit code of its own.
    static let failed = code(1, "failed; standard error has the cause")
    /// A usage error, with the same code in all programs.
    static let usage = code(2, "wrong command, option or value; nothing was done")
  }

  /// The command as a user types it, for example `compose-executor run`.
  package let command: String
  /// At least one.
  package let examples: [Example]
  /// In ascending order.
  package let exits: [Exit]

  init(_ command: String, _ examples: [Example], _ exits: [Exit] = [.done, .failed, .usage]) {
    self.command = command
    self.examples = examples
    self.exits = exits
  }

  /// The entry of a command.
  ///
  /// - Parameter command: the command as a user types it.
  /// - Returns: nil for a command that is not in the table.
  package static func of(_ command: String) -> CommandManual? {
    table.first { $0.command == command }
  }

  /// The sections at the end of a help text.
  package var text: String {
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
