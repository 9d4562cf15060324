import ArgumentParser

/// Suggests a command or option in place of an unknown one.
enum Suggestion {
  /// Our commands by the names of similar commands in Docker, Compose and kubectl.
  private static let aliases = [
    "up": "run", "start": "run", "create": "run", "launch": "run",
    "down": "stop", "kill": "stop", "rm": "stop", "delete": "stop",
    "ls": "ps", "list": "ps", "pods": "ps", "log": "logs", "attach": "logs", "tail": "logs",
    "shell": "exec", "sh": "exec", "ssh": "exec", "convert": "config", "show": "inspect",
    "describe": "inspect", "check": "validate", "lint": "validate", "why": "explain",
    "daemon": "serve", "service": "serve", "state": "status", "ps": "status", "info": "status",
    "notify": "started",
  ]

  /// Finds the command that resembles a word.
  ///
  /// - Parameters:
  ///   - word: the word that the user typed.
  ///   - names: the existing commands.
  /// - Returns: one of the names; nil where none is similar.
  static func command(for word: String, among names: [String]) -> String? {
    let word = word.lowercased()
    if names.contains(word) { return word }
    if let alias = aliases[word], names.contains(alias) { return alias }
    let near = names.map { (name: $0, distance: distance(word, $0)) }
      .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let near, near.distance <= max(1, min(word.count, near.name.count) / 3) else {
      return word.count > 1 ? names.sorted().first { $0.hasPrefix(word) } : nil
    }
    return near.name
  }

  /// Corrects an error message of ArgumentParser, which suggests the nearest option even if it is
  /// very different, and never suggests `--help` or `--version`.
  ///
  /// - Parameter message: ArgumentParser's message.
  /// - Returns: the message without a full stop, with the suggestion of a similar option or without
  ///   one.
  static func correcting(_ message: String) -> String {
    let parts = message.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, parts[0] == "Unknown option ", parts[1].hasPrefix("--") else {
      return message.hasSuffix(".") ? String(message.dropLast()) : message
    }
    let given = parts.count == 5 ? [parts[3]] : []
    let names = (given + ["--help", "--version"]).map { String($0.dropFirst(2)) }
    let unknown = "Unknown option '\(parts[1])'"
    guard let name = command(for: String(parts[1].dropFirst(2)), among: names) else {
      return unknown
    }
    return "\(unknown). Did you mean '--\(name)'?"
  }

  /// The number of letters to add, remove, replace or swap with the next one that turns one word
  /// into the other.
  static func distance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    var earlier: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, earlier[j - 1] + 1) }
        row.append(best)
      }
      (earlier, last) = (last, row)
    }
    return last[b.count]
  }
}

/// The command that a command line contains.
struct NamedCommand {
  /// The command as a user types it, for example `compose-executor run`.
  private(set) var name: String
  /// Its type.
  private(set) var type: any ParsableCommand.Type
  /// A word that is not a command, in a position where a command is required.
  private(set) var unknown: String?
  /// The first word after the commands.
  private(set) var next: String?

  /// Follows the words of a command line. `help run` gives the same as `run`.
  init(_ arguments: [String], of program: any ParsableCommand.Type) {
    name = program._commandName
    type = program
    for argument in arguments {
      if argument == "help", type == program { continue }
      let commands = type.configuration.subcommands
      if let found = commands.first(where: { $0._commandName == argument }) {
        name += " \(argument)"
        type = found
        continue
      }
      next = argument
      if !commands.isEmpty, !argument.hasPrefix("-") { unknown = argument }
      return
    }
  }

  /// The error for the unknown word; nil where every word is a command.
  var complaint: String? {
    guard let unknown else { return nil }
    let names = type.configuration.subcommands.map { $0._commandName }
    let shown = Printable.line(unknown, limit: 64)
    let meant: String
    if unknown.lowercased() == "version" {
      meant = "did you mean '--version'?"
    } else if let name = Suggestion.command(for: unknown, among: names) {
      meant = "did you mean '\(name)'?"
    } else {
      meant = "commands are \(names.joined(separator: ", "))"
    }
    return "there is no command '\(shown)'; \(meant)"
  }
}
