import Foundation
import TestSupport
import Testing

/// The output of `scripts/manuals` for the built programs.
@Suite("Manual pages and shell completions")
struct ManualTests {
  /// The programs and their manual sections.
  static let programs = [
    ("compose-executor", 1), ("compose-resources", 1), ("pod-reaper", 8), ("pod-hook-notify", 8),
  ]

  /// Creates all manual pages and completion scripts.
  private func withManuals<Result>(
    _ body: (TemporaryDirectory) async throws -> Result
  ) async throws -> Result {
    try await withTemporaryDirectory { directory in
      let programs = URL(fileURLWithPath: BuiltProgram.beside("compose-executor"))
        .deletingLastPathComponent().path
      try await Command(SourceTree.path("scripts/manuals"), [programs, directory.path]).output()
      return try await body(directory)
    }
  }

  /// The help text of a command and of each of its subcommands.
  private static func help(of program: String, _ words: [String] = []) async throws -> [String] {
    let text = try await Command(BuiltProgram.beside(program), words + ["--help"]).output()
    guard words.isEmpty, let list = text.range(of: "SUBCOMMANDS:\n") else { return [text] }
    var texts = [text]
    for line in text[list.upperBound...].split(separator: "\n") {
      // Other lines continue the previous one.
      guard let word = line.wholeMatch(of: #/  ([a-z]+)( .*)?/#)?.1 else { continue }
      texts += try await help(of: program, [String(word)])
    }
    return texts
  }

  /// The options in a program's help, including those of its subcommands.
  private static func options(of program: String) async throws -> Set<String> {
    var options: Set<String> = []
    for text in try await help(of: program) {
      for line in text.split(separator: "\n") where line.hasPrefix("  -") {
        options.formUnion(
          line.prefix { $0 != "<" }.matches(of: #/--?[a-z][a-z-]*/#).map { String($0.output) })
      }
    }
    return options
  }

  @Test("every option in a program's help is on its page")
  func options() async throws {
    try await withManuals { directory in
      for (program, section) in Self.programs {
        let wanted = try await Self.options(of: program)
        #expect(wanted.isSuperset(of: ["--help", "-h", "--version"]))
        #expect(wanted.count > 5)
        let page = try await Command(
          "man", ["-l", directory.path("man/man\(section)/\(program).\(section)")],
          environment: ["MANPAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"]
        ).output()
        let there = Set(
          page.split(separator: "\n").filter { $0.hasPrefix("       -") }
            .flatMap { $0.matches(of: #/--?[a-z][a-z-]*/#).map { String($0.output) } })
        #expect(wanted.subtracting(there) == [], "\(program)")
        #expect(page.contains(program.uppercased() + "(\(section))"))
        for other in Self.programs where other.0 != program {
          #expect(page.contains("\(other.0)(\(other.1))"), "\(program)")
        }
      }
    }
  }

  @Test("neither mandoc nor man reports a problem in a page")
  func lint() async throws {
    try await withManuals { directory in
      for (program, section) in Self.programs {
        let page = directory.path("man/man\(section)/\(program).\(section)")
        let mandoc = try await Command("mandoc", ["-T", "lint", page]).run()
        #expect(mandoc.status == .exited(0) && mandoc.stdout + mandoc.stderr == "", "\(mandoc)")
        let man = try await Command(
          "man", ["--warnings", "-l", page], environment: ["MANPAGER": "cat", "LC_ALL": "C.UTF-8"]
        ).run()
        #expect(man.status == .exited(0) && man.stderr == "", "\(man.stderr)")
      }
    }
  }

  /// Calls the function that `complete` names, as readline does, and prints its suggestions.
  private static let requested = """
    source "$1"
    COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMP_TYPE=9 COMP_KEY=9
    COMP_LINE="${COMP_WORDS[*]}" COMP_POINT=${#COMP_LINE}
    function=$(complete -p "$2")
    function=${function##*-F }
    "${function%% *}" "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """

  /// A command line and its suggestions.
  private static let lines: [(line: [String], offered: [String])] = [
    (["compose-executor", "co"], ["config"]),
    (["compose-executor", "run", "--eng"], ["--engine-timeout"]),
    (["compose-executor", "config", "--format", "y"], ["yaml"]),
    (["compose-resources", "--default-"], ["--default-cpus", "--default-gpus", "--default-mem"]),
    (["compose-resources", "--format", "m"], ["marathon"]),
    (["pod-reaper", "serve", "--onc"], ["--once"]),
    // Options of the default subcommand.
    (["pod-reaper", "--onc"], ["--once"]),
    (["pod-reaper", "--log-level", "w"], ["warning"]),
    (["pod-hook-notify", "re"], ["removed"]),
  ]

  @Test("bash completes subcommands, options and their values")
  func bash() async throws {
    try await withManuals { directory in
      for (line, offered) in Self.lines {
        let script = directory.path("bash-completion/completions/\(line[0])")
        let result = try await Command(
          "bash", ["--norc", "-c", Self.requested, "bash", script] + line
        ).run()
        #expect(result.stderr == "", "\(line)")
        #expect(result.stdout.split(separator: "\n").map(String.init).sorted() == offered)
      }
    }
  }

  // Running these scripts requires both shells: see scripts/check-completions.
  @Test("zsh and fish have a completion script")
  func others() async throws {
    try await withManuals { directory in
      for (program, _) in Self.programs {
        let zsh = try String(
          contentsOfFile: directory.path("zsh/site-functions/_\(program)"), encoding: .utf8)
        #expect(zsh.hasPrefix("#compdef \(program)\n"))
        let fish = try String(
          contentsOfFile: directory.path("fish/vendor_completions.d/\(program).fish"),
          encoding: .utf8
        )
        #expect(fish.contains("complete -c '\(program)'") && fish.contains("-l 'help'"))
      }
    }
  }
}
