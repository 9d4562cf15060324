import Foundation
import Program
import TestSupport
import Testing

/// Tests the help of every command of every program. A new command needs no further code.
@Suite("Help and exit codes")
struct HelpTests {
  static let programs = ["compose-executor", "compose-resources", "pod-reaper", "pod-hook-notify"]

  /// Every command with its full name.
  static func commands() async throws -> [(name: String, command: HelpDump.Command)] {
    var commands: [(name: String, command: HelpDump.Command)] = []
    for program in programs { commands += try await HelpDump.of(program).commands }
    return commands
  }

  private static func run(_ line: [String]) async throws -> CommandResult {
    try await Command(
      BuiltProgram.beside(line[0]), Array(line.dropFirst()), environment: ["COLUMNS": "100"]
    ).run()
  }

  @Test("the help of every command has an abstract, examples and exit codes")
  func complete() async throws {
    let names = Set(try await Self.commands().map(\.name))
    #expect(names.count > 10)
    for (name, command) in try await Self.commands() {
      #expect(command.abstract?.isEmpty == false, "\(name)")
      let manual = try #require(CommandManual.of(name), "\(name) isn't in CommandManual.table")
      #expect(!manual.examples.isEmpty)
      #expect(Set(manual.exits.map(\.code)).isSuperset(of: ["1", "2"]), "\(name)")
      #expect(Set(manual.exits.map(\.code)).count == manual.exits.count, "\(name)")
      let words = name.split(separator: " ").map(String.init)
      for line in [words + ["--help"], [words[0], "help"] + words.dropFirst()] {
        if words[0] == "compose-resources", line.contains("help") { continue }
        let help = try await Self.run(line)
        #expect(help.status == .exited(0), "\(line)")
        #expect(help.stdout.hasSuffix("\n\n\(manual.text)\n"), "\(line)")
        #expect(help.stderr.isEmpty)
      }
      for line in manual.text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test("each example has only options of its command")
  func examples() async throws {
    for (name, command) in try await Self.commands() {
      let inner = (command.subcommands ?? []).flatMap { $0.arguments ?? [] }
      let known = Set(
        ((command.arguments ?? []) + inner).flatMap { argument in
          (argument.names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }
        })
      for example in CommandManual.of(name)?.examples ?? [] {
        let words = example.line.split(separator: " ").map(String.init)
        #expect(example.line.hasPrefix(words[0]) && Self.programs.contains(words[0]), "\(example)")
        // An example may show another command, with its options.
        guard example.line.hasPrefix(name) else { continue }
        for option in words where option.hasPrefix("-") {
          #expect(known.contains(option), "\(example.line): \(option)")
        }
      }
    }
  }

  @Test("an unknown option makes every command exit with 2 and print one line that names the help")
  func usage() async throws {
    for (name, _) in try await Self.commands() {
      let words = name.split(separator: " ").map(String.init)
      let end = try await Self.run(words + ["--no-such-option"])
      #expect(end.status == .exited(2), "\(name): \(end)")
      #expect(end.stdout.isEmpty, "\(name)")
      let lines = end.stderr.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 2 && lines[1].isEmpty, "\(name): \(end.stderr)")
      #expect(lines[0].hasPrefix(words[0] + ": ") && lines[0].hasSuffix("--help'"), "\(lines)")
    }
  }

  @Test(
    "an unknown command leads to a suggestion",
    arguments: [
      (["compose-executor", "up"], "did you mean 'run'? See 'compose-executor --help'"),
      (["compose-executor", "rnu", "-f", "x"], "did you mean 'run'?"),
      (["compose-executor", "confg"], "did you mean 'config'?"),
      (["compose-executor", "conf"], "did you mean 'config'?"),
      (["compose-executor", "lint"], "did you mean 'validate'?"),
      (["compose-executor", "version"], "did you mean '--version'?"),
      (["compose-executor", "help", "upp"], "there is no command 'upp'"),
      (["compose-executor", "xyzzy"], "commands are "),
      (["compose-executor", "-f", "x", "run"], "ptions come after the command; see"),
      (
        ["compose-executor", "run", "--fil", "x"],
        "Did you mean '--file'? See 'compose-executor run --help'"
      ),
      (
        ["compose-executor", "run", "--hlep"], "Unknown option '--hlep'. Did you mean '--help'? See"
      ),
      (["compose-executor", "run", "--bogus"], "Unknown option '--bogus'; see"),
      (["compose-executor", "--verson"], "Did you mean '--version'?"),
      (["compose-executor", "config", "--no-interpolation"], "Did you mean '--no-interpolate'?"),
      (["compose-executor", "run", "--ansi", "maybe"], "'auto' or 'always'; see"),
      (["pod-reaper", "status", "--hepl"], "Did you mean '--help'?"),
      (["pod-reaper", "staus"], "did you mean 'status'?"),
      (["pod-hook-notify", "start"], "did you mean 'started'?"),
    ])
  func suggestions(_ line: [String], _ words: String) async throws {
    let end = try await Self.run(line)
    #expect(end.status == .exited(2), "\(end)")
    #expect(end.stdout.isEmpty)
    #expect(end.stderr.contains(words), "\(end.stderr)")
    #expect(end.stderr.split(separator: "\n").count == 1)
  }

  @Test("a wrong value is a usage error, 2; a wrong file is a failure, 1")
  func codes() async throws {
    try await withTemporaryDirectory { directory in
      let good = try directory.write("good.yaml", "services: {a: {image: a}}\n")
      let bad = try directory.write("bad.yaml", "services: {a: {image: 1}}\n")
      for (line, code) in [
        (["compose-executor", "config", "-f", bad], 1),
        (["compose-executor", "config", "-f", directory.path("none.yaml")], 1),
        (["compose-executor", "validate", bad], 1),
        (["compose-executor", "run", "-f", bad], 1),
        (["compose-executor", "config", "-f", good, "--format", "xml"], 2),
        (["compose-executor", "config", "-f", good, "--ports", "many"], 2),
        (["compose-executor", "config", "-f", good, "--root", ""], 2),
        (["compose-executor", "run", "-f", good, "--log-level", "loud"], 2),
        (["compose-resources", "-f", bad], 1),
        (["compose-resources", "-f", good, "--default-cpus", "many"], 2),
        (["compose-resources", "-f", good], 3),
        (["pod-reaper", "--once", "--grace", "soon"], 2),
        (["pod-hook-notify", "removed", "--framework", "f"], 2),
        (["pod-hook-notify"], 2),
      ] {
        let end = try await Self.run(line)
        #expect(end.status == .exited(Int32(code)), "\(line): \(end)")
        #expect(!(end.stderr + end.stdout).isEmpty, "\(line)")
      }
    }
  }

  @Test("compose-executor without arguments prints its help on a terminal, otherwise an error")
  func alone() async throws {
    let program = BuiltProgram.beside("compose-executor")
    let none = try await Command(
      "env", ["-u", "MESOS_DIRECTORY", program], environment: [:]
    ).run()
    #expect(none.status == .exited(1))
    #expect(none.stderr.contains("use `compose-executor run`") && !none.stderr.contains("EXAMPLES"))
    for (variables, code, words) in [
      ("", 2, "EXIT STATUS:"), ("MESOS_EXECUTOR_ID=e ", 1, "MESOS_FRAMEWORK_ID"),
    ] {
      let end = try await Command(
        "script", ["-qec", "\(variables)\(program)", "/dev/null"],
        environment: ["COLUMNS": "80", "TERM": "xterm"]
      ).run()
      #expect(end.status == .exited(Int32(code)), "\(end)")
      #expect(end.stdout.contains(words), "\(end)")
    }
  }

  @Test("docs/reference/exit-codes.md matches the code")
  func documented() async throws {
    try Project.expect("docs/reference/exit-codes.md", toBe: try await CommandsPage.text())
  }
}

/// docs/reference/exit-codes.md, generated from the help and the table of examples and exit codes.
enum CommandsPage {
  static func text() async throws -> String {
    var text = """
      # Commands

      Generated from the code by the tests (`HelpTests`; `UPDATE_DOCS=1` updates it). Options are listed in [settings.md](settings.md) and in each
      command's `--help`. Scripts may rely on the exit codes.

      """
    for (name, command) in try await HelpTests.commands() {
      guard let manual = CommandManual.of(name) else { continue }
      text += "\n## \(name)\n\n\(command.abstract ?? "")\n\n```\n"
      for example in manual.examples { text += "# \(example.purpose)\n\(example.line)\n" }
      text += "```\n\n| exit code | meaning |\n| --- | --- |\n"
      for exit in manual.exits { text += "| \(exit.code) | \(exit.meaning) |\n" }
    }
    return text
  }
}
