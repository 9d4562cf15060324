import Compose
import OrderedCollections
import Testing
import YAML

@Suite("Interpolation")
struct InterpolationTests {
  static let variables = ["SET": "value", "EMPTY": ""]

  @Test(
    "every form of the specification is supported",
    arguments: [
      ("$SET", "value"), ("${SET}", "value"), ("a${SET}b", "avalueb"), ("$UNSET", ""),
      ("${UNSET}", ""), ("${UNSET:-x}", "x"), ("${EMPTY:-x}", "x"), ("${SET:-x}", "value"),
      ("${UNSET-x}", "x"), ("${EMPTY-x}", ""), ("${SET-x}", "value"), ("${UNSET:+x}", ""),
      ("${EMPTY:+x}", ""), ("${SET:+x}", "x"), ("${UNSET+x}", ""), ("${EMPTY+x}", "x"),
      ("${SET+x}", "x"), ("${SET:?m}", "value"), ("${EMPTY?m}", ""), ("$$SET", "$SET"),
      ("$${SET}", "${SET}"), ("$$$SET", "$value"), ("${UNSET:-$SET}", "value"),
      ("${UNSET:-${EMPTY:-${SET}}}", "value"), ("${SET:+${UNSET-y}}", "y"),
      ("${UNSET:-$$}", "$"), ("${UNSET:-a:-b}", "a:-b"), ("${UNSET:-{a}}", "{a}"), ("$1", "$1"),
      ("100$", "100$"), ("$ x", "$ x"), ("${UNSET:-}", ""), ("é${SET}🐳", "évalue🐳"),
    ])
  func forms(_ text: String, _ expected: String) throws {
    let project = try load(
      "services: {a: {image: i, labels: {l: '\(text)'}}}", environment: Self.variables)
    #expect(project.services["a"]?.labels["l"]?.value == expected)
  }

  @Test(
    "an invalid variable is refused with its position",
    arguments: ["${", "${SET", "${}", "${1}", "${SET!x}", "${SET:x}", "a ${-x} b"])
  func invalid(_ text: String) throws {
    let refused = try refusal(of: "services:\n  a:\n    image: 'x\(text)'")
    let column = text.hasPrefix("a ") ? 16 : 14
    #expect(refused.hasPrefix("3:\(column): `x\(text)` contains a `$`"))
  }

  @Test("a required variable is reported with its message")
  func required() throws {
    #expect(
      try refusal(of: "services:\n  a:\n    image: ${TAG:?set it to a version}")
        == "3:12: the variable `TAG` must be set: set it to a version")
    #expect(
      try refusal(of: "services:\n  a:\n    image: ${TAG?}")
        == "3:12: the variable `TAG` must be set")
  }

  @Test("an unset variable causes one warning")
  func warning() throws {
    let project = try load("services: {a: {image: 'x$TAG', hostname: '$TAG'}}")
    #expect(
      project.warnings.map(\.value) == ["the variable `TAG` is not set; its value is empty"])
    #expect(project.warnings.first?.position.line == 1)
  }

  @Test("nested defaults have a limit")
  func deep() throws {
    let text = String(repeating: "${A:-", count: 1000) + String(repeating: "}", count: 1000)
    #expect(try refusal(of: "services: {a: {image: 'x\(text)'}}").contains("deeper than"))
  }

  @Test("keys are not interpolated, and values get their type afterwards")
  func typed() throws {
    let project = try load(
      "services: {a: {image: i, tty: '${T}', cpus: '${C}', labels: {'$T': 1}}}",
      environment: ["T": "true", "C": "0.1"])
    #expect(project.services["a"]?.tty == true)
    #expect(project.services["a"]?.cpus?.value == 0.1)
    #expect(project.services["a"]?.labels["$T"]?.value == "1")
  }

  @Test("the caller's variables precede the executor's, and those precede .env")
  func strength() throws {
    let directory = try Directory([
      ".env": "A=file\nB=file\nC=file\nD=${A}-${C}\n",
      "compose.yaml": "services: {a: {image: '$A $B $C $D'}}",
    ])
    let project = try ComposeLoader.load(
      LoadOptions(
        files: [directory.file("compose.yaml")], projectName: "p", environment: ["A": "task"],
        fallbackEnvironment: ["A": "executor", "B": "executor"]))
    #expect(project.services["a"]?.image?.value == "task executor file task-file")
  }
}
