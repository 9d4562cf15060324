import Compose
import OrderedCollections
import Foundation
import Testing
import YAML

@Suite("Errors have file, line and column")
struct ErrorTests {
  @Test(
    "each error is one line",
    arguments: [
      ("services:\n  a:\n    imag: x", "3:5: a service has no key `imag`; did you mean `image`?"),
      (
        "services:\n  a:\n    image: 1.5",
        "3:12: `image` must be a string, not a number; write it in quotes"
      ),
      (
        "services:\n  a:\n    image: a\n    ports: 80",
        "4:12: `ports` must be a list, not a whole number"
      ),
      ("services:\n  a: {image: a}\nfoo: 1", "3:1: a Compose file has no key `foo`"),
      ("services:\n  a:\n    tty: true", "2:3: the service `a` has neither `image` nor `build`"),
      (
        "services:\n  a:\n    image: a\n    depends_on:\n      - b",
        "5:9: the service `a` needs the service `b`, which doesn't exist"
      ),
      (
        "services:\n  a: {image: a, network_mode: 'service:b'}",
        "2:31: the service `a` needs the service `b`, which doesn't exist"
      ),
      (
        "services:\n  a: {image: a, volumes_from: [b]}",
        "2:32: the service `a` needs the service `b`, which doesn't exist"
      ),
      (
        "services:\n  a: {image: a, links: [b]}",
        "2:25: the service `a` needs the service `b`, which doesn't exist"
      ),
      (
        "services:\n  a: {image: a, networks: [n]}",
        "2:28: the service `a` joins the network `n`, which `networks:` doesn't declare"
      ),
      (
        "services:\n  a: {image: a, depends_on: [b]}\n  b: {image: a, links: [a]}",
        "3:25: the services depend on each other in a cycle: a -> b -> a"
      ),
      (
        "services:\n  a: {image: a, ipc: 'service:a'}",
        "2:22: the services depend on each other in a cycle: a -> a"
      ),
      ("services: {a: {image: a}}\nservices: {}", "2:1: `services` is defined twice"),
      ("[1, 2]", "1:1: a Compose file must be a mapping, not a list"),
      ("", "1:1: the file is empty"),
      ("a: [", "2:1: not YAML: while parsing a flow node, did not find expected node content"),
      ("services: {a: {image: *b}}", "1:23: the alias `*b` has no anchor `&b` before it"),
      ("services: &s {a: *s}", "1:18: the alias `*s` is inside its own anchor"),
    ])
  func faults(_ text: String, _ expected: String) throws {
    #expect(try refusal(of: text).hasPrefix(expected))
  }

  @Test("a duplicate key is refused with both positions")
  func duplicate() throws {
    let refused = try refusal(of: "services:\n  a:\n    image: a\n    image: b")
    #expect(refused.hasPrefix("4:5: `image` is defined twice; first at /"))
    #expect(refused.hasSuffix("compose.yaml:3:5"))
  }

  @Test("columns count characters, not bytes")
  func columns() throws {
    #expect(try refusal(of: "services: {a: {image: 'é🐳', foo: 1}}").hasPrefix("1:29:"))
  }

  @Test("an error in a merged file names that file")
  func mergedFile() throws {
    let directory = try Directory([
      "a.yaml": "services: {a: {image: a}}",
      "b.yaml": "services:\n  a:\n    depends_on: [nobody]",
    ])
    let error = #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(
        LoadOptions(files: [directory.file("a.yaml"), directory.file("b.yaml")]))
    }
    #expect(error?.position == SourcePosition(file: directory.file("b.yaml"), line: 3, column: 18))
  }

  @Test("an error in an env_file names its own line")
  func environmentFile() throws {
    #expect(
      try refusal(
        of: "services: {a: {image: a, env_file: x.env}}", others: ["x.env": "A=1\n\nB='x\ny"])
        == "x.env:3:1: the quote that starts here is not closed")
    let missing = try refusal(of: "services: {a: {image: a, env_file: [x.env]}}")
    #expect(missing.hasPrefix("1:37: the file /"))
    #expect(missing.hasSuffix("/x.env can't be read: No such file or directory"))
  }

  @Test(
    "a remote file is refused, since the network is not used",
    arguments: [
      "oci://registry.example.com/app:1", "https://github.com/x/y.git",
      "git@github.com:x/y.git#main", "github.com/x/y", "ssh://git@example.com/y.git",
    ])
  func remote(_ name: String) throws {
    let why = "`\(name)` is a remote file, which is never downloaded"
    #expect(try refusal(of: "include:\n  - '\(name)'").hasPrefix("2:5: \(why)"))
    let extends = "services:\n  a:\n    extends: {file: '\(name)', service: b}"
    #expect(try refusal(of: extends).hasPrefix("3:21: \(why)"))
    #expect(
      try refusal(of: "a: {extends: {file: '\(name)', service: b}}").hasPrefix("1:21: \(why)"))
  }

  @Test("a missing file is reported in one line")
  func missing() throws {
    let error = #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(LoadOptions(files: ["/nowhere/compose.yaml"]))
    }
    #expect(
      error?.description
        == "/nowhere/compose.yaml: the file can't be read: No such file or directory")
  }
}

@Suite("A hostile file is refused")
struct DefenceTests {
  @Test("a billion laughs", .timeLimit(.minutes(6)))
  func laughs() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let inner = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(inner)]\n"
    }
    #expect(try refusal(of: text).contains("the aliases expand to more than 250000 nodes"))
  }

  @Test("deep nesting", arguments: ["[", "{a: "])
  func nesting(_ open: String) throws {
    let text = String(repeating: open, count: 5000)
    #expect(try refusal(of: "x-a: \(text)").contains("nested deeper than 100 levels"))
  }

  @Test("deep nesting through aliases")
  func aliasNesting() throws {
    var text = "x-0: &a0 [1]\n"
    for level in 1...120 { text += "x-\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(try refusal(of: text).contains("nested deeper than 100 levels"))
  }

  @Test("a file larger than 8 MiB")
  func large() throws {
    let text = "x-a: " + String(repeating: "x", count: 9 << 20)
    #expect(try refusal(of: text).contains("more than the maximum of 8388608"))
  }

  @Test("bytes that aren't UTF-8")
  func bytes() throws {
    let directory = try Directory()
    try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE]).write(
      to: URL(fileURLWithPath: directory.file("compose.yaml")))
    #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(LoadOptions(files: [directory.file("compose.yaml")]))
    }
  }

  @Test("with confinement, relative paths stay in the project's directory")
  func confined() throws {
    let bind = "services: {a: {image: a, volumes: ['../x:/x']}}"
    #expect(try refusal(of: bind) == "it loaded")
    #expect(
      try refusal(of: bind, confine: true).hasPrefix("1:36: `../x` leaves the root directory"))
    #expect(
      try refusal(of: "services: {a: {image: a, volumes: ['/etc:/x', './y:/y']}}", confine: true)
        == "it loaded")
    for text in [
      "services: {a: {image: a, env_file: ../x}}", "services: {a: {build: ..}}",
      "services: {a: {build: {context: ., dockerfile: ../D}}}",
      "services: {a: {image: a, volumes: [{type: bind, source: a/../../b, target: /x}]}}",
    ] {
      #expect(try refusal(of: text, confine: true).contains("leaves the root directory"))
    }
  }

  @Test("with confinement, a link can't lead out of the project's directory")
  func link() throws {
    let directory = try Directory([
      "compose.yaml": "services: {a: {image: a, volumes: ['./out/x:/x']}}"
    ])
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("out"), withDestinationPath: "/usr")
    let error = #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(LoadOptions(files: [directory.file("compose.yaml")], confine: true))
    }
    #expect(error?.message.contains("a symbolic link that leaves the root directory") == true)
  }
}
