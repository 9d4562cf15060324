import Compose
import OrderedCollections
import Testing
import YAML

/// A project that exceeds one limit.
struct ExcessiveInput: CustomStringConvertible, Sendable {
  let description: String
  /// The error, without the directory of its file.
  let refusal: String
  let files: @Sendable () -> [String: String]

  private init(
    _ description: String, _ refusal: String, _ files: @escaping @Sendable () -> [String: String]
  ) {
    (self.description, self.refusal, self.files) = (description, refusal, files)
  }

  private static let tooManyServices = "more services than the maximum of 10000 in a project"
  private static let tooManyEntries =
    "the files have more keys and list items than the maximum of 150000"
  private static let tooManyVariables = "more variables than the maximum of 200000"
  private static let tooManyUses = "more uses of variables than the maximum of 200000"
  private static let tooManyContainers =
    "the project has more containers than the maximum of 10000"

  private static let tooMuchText =
    "aliases, extended services and variables add more than the maximum of 33554432 bytes"
  private static let tooDeep = "`extends` is nested deeper than 100 levels"
  private static let tooLong = "the value has 65537 bytes, more than the maximum of 65536"
  private static let megabyte = String(repeating: "a", count: 1 << 20)

  private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
    (0..<count).map(line).joined()
  }

  /// A project of only one file with this text.
  private static func one(
    _ description: String, _ refusal: String, _ text: @escaping @Sendable () -> String
  ) -> ExcessiveInput {
    ExcessiveInput(description, "compose.yaml:" + refusal) { ["compose.yaml": text()] }
  }

  private static let head = "services:\n  a:\n    image: a\n"

  static let all = [
    one("services", "10002:3: \(tooManyServices)") {
      "services:\n" + lines(10_001) { "  s\($0): {image: a}\n" }
    },
    one("100,000 services", "75001:12: \(tooManyEntries)") {
      "services:\n" + lines(100_001) { "  s\($0): {image: a}\n" }
    },
    one("jobs", "10003:3: more jobs than the maximum of 10000 in a project") {
      "services: {a: {image: a}}\njobs:\n" + lines(10_001) { "  s\($0): {image: a}\n" }
    },
    ExcessiveInput("services of several files", "b.yaml:5002:3: \(tooManyServices)") {
      [
        "compose.yaml": "include: [a.yaml, b.yaml]\n",
        "a.yaml": "services:\n" + lines(5_000) { "  a\($0): {image: a}\n" },
        "b.yaml": "services:\n" + lines(5_001) { "  b\($0): {image: a}\n" },
      ]
    },
    one("containers of one service", "2:24: with the service `a` \(tooManyContainers)") {
      "services:\n  a: {image: a, scale: 10001}\n"
    },
    one("containers of all services", "3:36: with the service `b` \(tooManyContainers)") {
      "services:\n  a: {image: a, scale: 9000}\n  b: {image: a, deploy: {replicas: 1001}}\n"
    },
    one(
      "containers with a number that fills a word",
      "2:24: with the service `a` \(tooManyContainers)"
    ) {
      "services:\n  a: {image: a, scale: 9223372036854775807}\n"
    },
    one("keys of one mapping", "150001:7: \(tooManyEntries)") {
      head + "    environment:\n" + lines(200_000) { "      V\($0): a\n" }
    },
    one("items of one list", "150001:9: \(tooManyEntries)") {
      head + "    environment:\n" + lines(200_000) { "      - V\($0)=a\n" }
    },
    one("keys in one line", "1:450023: \(tooManyEntries)") {
      "{services: {a: {image: a}}, x-a: [" + lines(200_000) { _ in "a, " } + "a]}"
    },
    ExcessiveInput("keys of several files", "b.yaml:49997:3: \(tooManyEntries)") {
      [
        "compose.yaml": "include:\n  - a.yaml\n  - b.yaml\n",
        "a.yaml": "x-a:\n" + lines(100_000) { "  a\($0): a\n" },
        "b.yaml": "x-b:\n" + lines(100_000) { "  b\($0): a\n" },
      ]
    },
    ExcessiveInput(
      "bytes of several files",
      "compose.yaml:6:5: the project's files together are larger than the maximum of 33554432 bytes"
    ) {
      [
        "compose.yaml": "include:\n" + lines(9) { _ in "  - a.yaml\n" },
        "a.yaml": "services: {a: {image: a}}\n#" + String(repeating: "a", count: 8_388_000),
      ]
    },
    ExcessiveInput("variables of a file", "big.env:200001:1: \(tooManyVariables)") {
      [
        "compose.yaml": head + "    env_file: big.env\n",
        "big.env": lines(200_001) { "V\($0)=a\n" },
      ]
    },
    ExcessiveInput("variables of a raw file", "big.env:200001:1: \(tooManyVariables)") {
      [
        "compose.yaml": head + "    env_file: [{path: big.env, format: raw}]\n",
        "big.env": lines(200_001) { "V\($0)=a\n" },
      ]
    },
    ExcessiveInput("variables of .env", ".env:200001:1: \(tooManyVariables)") {
      ["compose.yaml": head, ".env": lines(200_001) { "V\($0)=a\n" }]
    },
    ExcessiveInput(
      "variables of all services",
      "compose.yaml:22:29: the files of variables give the services more variables than "
        + "the maximum of 200000"
    ) {
      [
        "compose.yaml": "services:\n" + lines(30) { "  s\($0): {image: a, env_file: big.env}\n" },
        "big.env": lines(10_000) { "V\($0)=a\n" },
      ]
    },
    ExcessiveInput(
      "a file of variables larger than 8 MiB",
      "big.env:1:1: the file is larger than the maximum of 8388608 bytes"
    ) {
      [
        "compose.yaml": head + "    env_file: big.env\n",
        "big.env": "A=a\n#" + String(repeating: "a", count: 8 << 20),
      ]
    },
    one("variables in one string", "4:15: \(tooManyUses)") {
      head + "    command: '" + lines(200_001) { _ in "${A}" } + "'\n"
    },
    one("variables in many strings", "4:266692: \(tooManyUses)") {
      head + "    command: [" + lines(3) { _ in "'" + lines(66_667) { _ in "$A" } + "', " } + "]\n"
    },
    one(
      "ports of many services",
      "22:27: the project's services have more ports than the maximum of 20000"
    ) {
      "services:\n" + lines(200) { "  s\($0): {image: a, ports: [1000-1999]}\n" }
    },
    one(
      "mounts of one service",
      "20005:9: the project's services have more mounts and devices than the maximum of 20000"
    ) { head + "    volumes:\n" + lines(20_001) { "      - /a\($0):/b\($0)\n" } },
    one(
      "devices of one service",
      "20005:9: the project's services have more mounts and devices than the maximum of 20000"
    ) { head + "    devices:\n" + lines(20_001) { "      - /dev/a\($0)\n" } },
    one(
      "files of variables",
      "20004:9: the project's files refer to more other files than the maximum of 20000"
    ) {
      head + "    env_file:\n"
        + lines(20_001) { "      - {path: f\($0), required: false}\n" }
    },
    one("documents", "150002:1: \(tooManyEntries)") { lines(200_000) { _ in "---\n" } },
    one("words of a command", "4:14: with these words \(tooManyEntries)") {
      head + "    command: '" + lines(200_000) { _ in "a " } + "'\n"
    },
    one("a long command", "4:14: the value has 1048577 bytes, more than the maximum of 1048576") {
      head + "    command: '" + String(repeating: "a", count: 1_048_577) + "'\n"
    },
    one("text of aliases", "2:135: \(tooMuchText)") {
      "x-a: &a '\(megabyte)'\nx-b: [" + lines(40) { _ in "*a, " } + "]\n" + head
    },
    one("text of extended services", "34:18: \(tooMuchText)") {
      "services:\n  base: {image: a, environment: {A: '\(megabyte)'}}\n"
        + lines(40) { "  s\($0): {extends: base}\n" }
    },
    ExcessiveInput("text of files of variables", "compose.yaml:11:28: \(tooMuchText)") {
      [
        "compose.yaml": "services:\n" + lines(40) { "  s\($0): {image: a, env_file: m.env}\n" },
        "m.env": "A=" + String(repeating: "a", count: 30 << 10) + "\nB=" + lines(10) { _ in "$A" }
          + "\nC=" + lines(10) { _ in "$B" } + "\n",
      ]
    },
    one("services that extend each other in a file of Compose 1", "2:15: \(tooDeep)") {
      "s0: {image: a}\n" + lines(200) { "s\($0 + 1): {extends: {service: s\($0)}}\n" }
    },
    one("text of extended services in a file of Compose 1", "33:16: \(tooMuchText)") {
      "s0: {image: a, environment: {A: '\(megabyte)'}}\n"
        + lines(40) { "s\($0 + 1): {extends: {service: s0}}\n" }
    },
    one(
      "keys that hooks inherit",
      "50025:9: the hooks inherit more keys and list items of their services than the maximum of 1000000"
    ) {
      head + "    environment:\n" + lines(50_000) { "      V\($0): a\n" } + "    pre_start:\n"
        + lines(30) { _ in "      - {command: [a]}\n" }
    },
    ExcessiveInput("text of variables without a value", "compose.yaml:33:33: \(tooMuchText)") {
      [
        "compose.yaml": "services:\n" + lines(40) { "  s\($0): {image: a, environment: [A]}\n" },
        ".env": "A=\(megabyte)\n",
      ]
    },
    one("a long port", "4:13: \(tooLong)") {
      head + "    ports: ['" + String(repeating: ":", count: 65_537) + "']\n"
    },
    one("a long mount", "4:15: \(tooLong)") {
      head + "    volumes: ['" + String(repeating: ":", count: 65_537) + "']\n"
    },
    one("a long path", "4:16: \(tooLong)") {
      head + "    env_file: ['" + String(repeating: "/", count: 65_537) + "']\n"
    },
    one("a long size", "4:16: \(tooLong)") {
      head + "    mem_limit: " + String(repeating: "9", count: 65_537) + "\n"
    },
    one("a long number", "4:11: \(tooLong)") {
      head + "    cpus: 0." + String(repeating: "9", count: 65_535) + "\n"
    },
    one("a long duration", "4:24: \(tooLong)") {
      head + "    stop_grace_period: " + String(repeating: "1", count: 65_536) + "s\n"
    },
    one("an error after many lines", "100004:5: a service has no key `imag`; did you mean `image`?")
    {
      head + lines(100_000) { _ in "# a\n" } + "    imag: a\n"
    },
    one(
      "text that isn't YAML after many lines",
      "100003:1: not YAML: while parsing a flow node, did not find expected node content"
    ) { "x-a:\n" + lines(100_000) { "  k\($0): a\n" } + "services: [\n" },
    one(
      "a key of megabytes",
      "4:7: a service has no key `" + String(repeating: "a", count: 200) + "…`"
    ) { head + "    ? \"" + String(repeating: "a", count: 4 << 20) + "\"\n    : 1\n" },
    one(
      "an expression of megabytes that doesn't end",
      "4:15: `" + String(repeating: "${A ", count: 20)
        + "…` contains a `$` that starts no valid variable; write `$$` for a literal `$`"
    ) { head + "    command: \"" + lines(500_000) { _ in "${A " } + "\"\n" },
  ]
}

@Suite("A file that requires too much work")
struct InputLimitTests {
  @Test(
    "is refused in one line with its position", .timeLimit(.minutes(6)),
    arguments: ExcessiveInput.all)
  func refused(_ input: ExcessiveInput) throws {
    let directory = try Directory(input.files())
    let error = #expect(throws: DiagnosticError.self, "\(input)") {
      try ComposeLoader.load(LoadOptions(files: [directory.file("compose.yaml")], projectName: "p"))
    }
    let text = (error?.description ?? "").replacing(directory.file(""), with: "")
    #expect(text == input.refusal, "\(input)")
  }

  @Test("is not one at the limit", .timeLimit(.minutes(6)))
  func fits() throws {
    let services = (0..<10_000).map { "  s\($0): {image: a}\n" }.joined()
    let directory = try Directory(["compose.yaml": "services:\n" + services])
    let project = try ComposeLoader.load(
      LoadOptions(files: [directory.file("compose.yaml")], projectName: "p"))
    #expect(project.services.count == 10_000)
  }

  @Test("is not one that compares, removes or joins many items", .timeLimit(.minutes(6)))
  func large() throws {
    // The time for each of these was once quadratic in their number.
    let count = 25_000
    func list(_ line: (Int) -> String) -> String { (0..<count).map(line).joined() }
    let directory = try Directory([
      "compose.yaml": "services:\n  a:\n    build:\n      args:\n" + list { "        A\($0):\n" }
        + "    labels:\n" + list { "    - l\($0)=a\n" }
        + "volumes:\n" + list { "  v\($0):\n" },
      "other.yaml": "services:\n  a:\n    cap_add:\n" + list { "    - c\($0)\n" },
      "third.yaml": "services:\n  a:\n    cap_add:\n" + list { "    - c\($0 + count / 2)\n" },
    ])
    let project = try ComposeLoader.load(
      LoadOptions(
        files: ["compose.yaml", "other.yaml", "third.yaml"].map(directory.file), projectName: "p"))
    let service = try #require(project.services["a"])
    #expect(service.labels.count == count)
    #expect(service.capAdd.count == count + count / 2)
  }

  @Test("has a warning for each unset variable at its `$`")
  func unset() throws {
    let directory = try Directory([
      "compose.yaml": "services:\n  a:\n    image: a\n    command: '$$ $A $A $$ ${B} $C'\n"
    ])
    let project = try ComposeLoader.load(LoadOptions(files: [directory.file("compose.yaml")]))
    #expect(project.warnings.map(\.position.column) == [18, 27, 32])
  }

  @Test("has equal hashes for equal nodes in another order")
  func hashes() throws {
    let texts =
      ["{a: 1, b: [x, 1.5, null, true], c: {d: 2001-01-01, e: 0}}"]
      + ["{c: {e: 0, d: 2001-01-01}, b: [x, 1.5, null, true], a: 1}"]
    let nodes = try texts.map { try #require(try YAMLNode.document($0, file: "f")) }
    #expect(nodes[0] == nodes[1] && Set(nodes).count == 1)
    let other = try #require(try YAMLNode.document("{a: 2}", file: "f"))
    #expect(Set(nodes + [other]).count == 2)
  }
}
