import Foundation
import TestSupport
import Testing

/// `config` and `validate` on the command line.
@Suite("Commands that read files")
struct FileCommandTests {
  private static let good = "services: {a: {image: a, depends_on: [b]}, b: {image: b}}\n"

  private func run(
    _ arguments: [String], in directory: TemporaryDirectory
  ) async throws -> CommandResult {
    try await Command(BuiltProgram.composeExecutor, arguments, directory: directory.path).run()
  }

  @Test(
    "config refuses two options of which one has no effect, with exit code 2",
    arguments: [
      ["--services", "--images"], ["--volumes", "--networks"], ["--profiles", "--environment"],
      ["--hash", "*", "--services"], ["--pod", "--services"], ["--pod", "--check-policy"],
      ["--check-policy", "--hash", "a"], ["-q", "--services"], ["-q", "-o", "x"],
      ["--format", "json", "--services"], ["-q", "--check-policy"],
      ["--variables", "--services"], ["--variables", "--no-interpolate"], ["-q", "--variables"],
      ["--no-interpolate", "--hash", "*"], ["--no-interpolate", "--pod"],
      ["--no-normalize", "--pod"], ["--no-normalize", "--check-policy"],
    ])
  func conflicts(_ options: [String]) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", Self.good)
      let result = try await run(["config"] + options, in: directory)
      #expect(result.status == .exited(2))
      #expect(result.stdout.isEmpty)
      #expect(result.stderr.hasPrefix("compose-executor: --"))
      #expect(!FileManager.default.fileExists(atPath: directory.path("x")))
    }
  }

  @Test("config prints its lists, or nothing with --quiet")
  func lists() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", Self.good)
      for (option, text) in [
        ("--services", "b\na\n"), ("--images", "a\nb\n"), ("--networks", "default\n"),
        ("--volumes", ""), ("--profiles", ""), ("--quiet", ""), ("-q", ""),
      ] {
        let result = try await run(["config", option], in: directory)
        #expect(result.status == .exited(0) && result.stdout == text, "\(option) \(result)")
      }
      try directory.write("compose.yaml", "services: {a: {}}\n")
      let result = try await run(["config", "-q"], in: directory)
      #expect(result.status == .exited(1) && result.stdout.isEmpty)
      #expect(result.stderr.contains("compose.yaml:1:12: the service `a` has neither"))
    }
  }

  @Test("config replaces a file atomically, through links, with its permissions, or leaves it")
  func output() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", Self.good)
      let printed = try await run(["config"], in: directory).stdout
      try directory.write("real", "before")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o640], ofItemAtPath: directory.path("real"))
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("link"), withDestinationPath: "real")
      for (name, target) in [("new", "new"), ("link", "real")] {
        let result = try await run(["config", "-o", name], in: directory)
        #expect(result.status == .exited(0) && result.stdout.isEmpty)
        #expect(try String(contentsOfFile: directory.path(target), encoding: .utf8) == printed)
      }
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("real"))
      #expect(attributes[.posixPermissions] as? Int == 0o640)
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("link")) == "real")
      let shown = try await run(["config", "--output", "/dev/stdout"], in: directory)
      #expect(shown.stdout == printed)

      try directory.write("compose.yaml", "services: {a: {}}\n")
      #expect(try await run(["config", "-o", "real"], in: directory).status == .exited(1))
      #expect(try String(contentsOfFile: directory.path("real"), encoding: .utf8) == printed)
      try directory.write("compose.yaml", Self.good)
      let nowhere = try await run(["config", "-o", "none/x"], in: directory)
      #expect(nowhere.status == .exited(1))
      #expect(nowhere.stderr.contains("none/x can't be written: No such file or directory"))
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(Set(names) == ["compose.yaml", "real", "link", "new"])
    }
  }

  @Test("a file for which the disk has no space stays unchanged")
  func full() async throws {
    try await withTemporaryDirectory { directory in
      let long = String(repeating: "x", count: 100_000)
      try directory.write("compose.yaml", "services: {a: {image: \(long)}}\n")
      try directory.write("out", "before")
      let script = "ulimit -f 20; trap '' XFSZ; exec \"$0\" config -o out"
      let result = try await Command(
        "bash", ["-c", script, BuiltProgram.composeExecutor], directory: directory.path
      ).run()
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("out can't be written: File too large"))
      #expect(try String(contentsOfFile: directory.path("out"), encoding: .utf8) == "before")
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(Set(names) == ["compose.yaml", "out"])
    }
  }

  @Test("validate prints the errors of each file: text, JSON and annotations")
  func formats() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("good.yaml", Self.good)
      try directory.write("b,1.yaml", "services:\n  a: {image: '100%:x', foo%: 1}\n")
      try directory.write("a.yaml", "services:\n  a: {image: 1, tty: maybe}\n")
      let names = ["b,1.yaml", "good.yaml", "a.yaml", "a.yaml"]
      let text = try await run(["validate"] + names, in: directory)
      #expect(text.status == .exited(1))
      #expect(
        text.stdout == """
          a.yaml:2:14: `image` must be a string, not a whole number; write it in quotes
          a.yaml:2:22: `tty` must be true or false, not `maybe`
          b,1.yaml:2:24: a service has no key `foo%`

          """)
      let github = try await run(["validate", "--format", "github"] + names, in: directory)
      #expect(
        github.stdout.hasSuffix(
          "\n::error file=b%2C1.yaml,line=2,col=24::a service has no key `foo%25`\n"))
      let json = try await run(["validate", "--format", "json"] + names, in: directory)
      let items = try #require(
        JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [[String: Any]])
      #expect(items.count == 3)
      #expect(Set(items[0].keys) == ["file", "line", "column", "key", "message"])
      #expect(items[1]["key"] as? String == "services.a.tty")
      #expect(items[1]["line"] as? Int == 2 && items[1]["column"] as? Int == 22)

      for format in ["text", "json", "github"] {
        let none = try await run(["validate", "--format", format, "good.yaml"], in: directory)
        #expect(none.status == .exited(0))
        #expect(none.stdout == (format == "json" ? "[]\n" : ""))
      }
      #expect(try await run(["validate"], in: directory).status == .exited(2))
      #expect(try await run(["validate", "-"], in: directory).status == .exited(2))
      #expect(try await run(["validate", "--nonsense"], in: directory).status == .exited(2))
      #expect(try await run(["validate", "none.yaml"], in: directory).status == .exited(1))
    }
  }

  @Test("config prints variables as a table or JSON, and files with their variables")
  func variables() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write(
        "compose.yaml", "name: p\nservices: {a: {image: '${I:-nginx}:${T?}', command: $C}}\n")
      let table = try await run(["config", "--variables"], in: directory)
      #expect(
        table.stdout == """
          NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE
          C                   false                                   \("")
          I                   false               nginx               \("")
          T                   true                                    \("")

          """)
      let json = try await run(["config", "--variables", "--format", "json"], in: directory)
      #expect(json.stdout.hasPrefix("{\n    \"C\": {\n        \"Name\": \"C\",\n"))
      let raw = try await run(["config", "--no-interpolate"], in: directory)
      #expect(raw.stdout.contains("    image: ${I:-nginx}:${T?}\n"))
      #expect(raw.stdout.contains("    name: p_default\n"))
      let plain = try await run(["config", "--no-interpolate", "--no-normalize"], in: directory)
      #expect(!plain.stdout.contains("default:") && plain.status == .exited(0), "\(plain)")
      let quiet = try await run(["config", "--no-interpolate", "-q"], in: directory)
      #expect(quiet.status == .exited(0) && quiet.stdout.isEmpty)
    }
  }

  @Test("validate accepts variables and profiles as config does")
  func variablesOfValidate() async throws {
    try await withTemporaryDirectory { directory in
      let file = try directory.write(
        "a.yaml", "services: {a: {image: '${I?}'}, b: {image: b, profiles: [p], links: [c]}}\n")
      let values = try directory.write("values", "I=x\n")
      #expect(try await run(["validate", file], in: directory).status == .exited(1))
      for options in [["--env", "I=x"], ["--env-file", values]] {
        let valid = try await run(["validate", file] + options, in: directory)
        #expect(valid.status == .exited(0), "\(valid)")
        let more = try await run(["validate", file, "--profile", "p"] + options, in: directory)
        #expect(more.status == .exited(1) && more.stdout.contains("`c`"), "\(more)")
      }
    }
  }

  @Test("validate prints all errors of the services of a file without `services:`")
  func legacy() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write(
        "a.yaml", "a: {image: 1, tty: maybe}\nb: {image: b, foo: 1, configs: [c]}\nc: 5\n")
      let end = try await run(["validate", "a.yaml"], in: directory)
      let locations = end.stdout.split(separator: "\n").map {
        $0.split(separator: ":").prefix(3).joined(separator: ":")
      }
      #expect(locations.contains("a.yaml:1:12") && locations.contains("a.yaml:2:15"), "\(end)")
      #expect(locations.contains("a.yaml:2:23") && locations.contains("a.yaml:3:1"), "\(end)")
      #expect(Set(locations).count == locations.count, "\(end)")
    }
  }

  @Test("validate prints an error of a file once if two others include the file")
  func shared() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("part.yaml", "services: {a: {image: a, foo: 1}, b: {image: 1}}\n")
      for name in ["x.yaml", "y.yaml"] {
        try directory.write(name, "include: [part.yaml]\nservices: {c: {image: 1}}\n")
      }
      let result = try await run(["validate", "y.yaml", "x.yaml"], in: directory)
      let locations = result.stdout.split(separator: "\n").map { line in
        let parts = line.split(separator: ":")
        return parts.prefix(3).joined(separator: ":").replacing(directory.path + "/", with: "")
      }
      #expect(locations == ["part.yaml:1:26", "part.yaml:1:46", "x.yaml:2:23", "y.yaml:2:23"])
    }
  }

  @Test("the hook of pre-commit runs validate")
  func hook() throws {
    let text = try SourceTree.text(".pre-commit-hooks.yaml")
    #expect(text.contains("entry: compose-executor validate\n"))
    let pattern = try #require(text.firstMatch(of: /files: (.*)/)?.1)
    let files = try Regex(String(pattern))
    for name in ["compose.yaml", "a/compose.yml", "docker-compose.yml", "x/docker-compose.yaml"] {
      #expect(name.contains(files))
    }
    for name in ["compose.override.yaml", "my-compose.yaml", "compose.yaml.txt"] {
      #expect(!name.contains(files), "\(name)")
    }
  }
}
