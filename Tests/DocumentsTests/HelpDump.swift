import Foundation
import TestSupport

/// The description of a program's command line (swift-argument-parser, `--experimental-dump-help`).
struct HelpDump: Decodable {
  let command: Command

  struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let arguments: [Argument]?
    let subcommands: [Command]?
  }

  struct Argument: Decodable {
    struct Name: Decodable {
      let kind: String
      let name: String
    }
    let kind: String
    let shouldDisplay: Bool
    let names: [Name]?
    let valueName: String?
    let abstract: String?
    let defaultValue: String?
    let allValues: [String]?

    /// The name of the long option. Nil for an argument without one.
    var long: String? { names?.first { $0.kind == "long" }?.name }

    /// The spelling on the command line.
    var spelling: String {
      let words = (names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }
      if kind == "positional" { return (valueName ?? "").uppercased() }
      let value = kind == "option" ? " " + (valueName ?? "").uppercased() : ""
      return words.joined(separator: ", ") + value
    }

    /// The meaning, without the default.
    var meaning: String {
      (abstract ?? "").replacing(#/ ?Default: .*$/#, with: "")
    }

    /// The default, from the help.
    var standard: String? {
      if let words = (abstract ?? "").firstMatch(of: /Default: (.*?)\.?$/) {
        return String(words.1)
      }
      return kind == "flag" ? nil : defaultValue
    }
  }

  /// Runs a program and decodes its description.
  static func of(_ program: String) async throws -> HelpDump {
    let result = try await TestSupport.Command(
      BuiltProgram.beside(program), ["--experimental-dump-help"]
    ).run()
    return try JSONDecoder().decode(HelpDump.self, from: Data(result.stdout.utf8))
  }

  /// Every command with its full name, except `help`. The program's own is the first.
  var commands: [(name: String, command: Command)] { Self.commands(command, after: "") }

  private static func commands(
    _ command: Command, after prefix: String
  ) -> [(name: String, command: Command)] {
    let name = prefix + command.commandName
    let inner = (command.subcommands ?? []).filter { $0.commandName != "help" }
    return [(name, command)] + inner.flatMap { commands($0, after: name + " ") }
  }
}
