import Compose
import Foundation
import Testing
import YAML

@Suite("The position of an invalid dollar sign")
struct DollarTests {
  private static let filler = (1...20).map { "        echo line \($0) $$x ${SET}" }

  private static func block(_ style: String) -> String {
    let lines = ["services:", "  a:", "    image: i", "    command: \(style)"] + filler
    return (lines + ["        echo ${SET!} bad"] + filler).joined(separator: "\n") + "\n"
  }

  /// Files, the position of the invalid `$`, and the quoted text.
  static let files: [(text: String, location: String, quoted: String)] = [
    (block("|"), "25:14", "`echo ${SET!} bad`"),
    (block("| # 5$ a piece"), "25:14", "`echo ${SET!} bad`"),
    (block("|2-"), "25:14", "`echo ${SET!} bad`"),
    (block("!!str |"), "25:14", "`echo ${SET!} bad`"),
    (block("&a |"), "25:14", "`echo ${SET!} bad`"),
    (block(">"), "25:14", "${SET!} bad"),
    (block("|").replacingOccurrences(of: "\n", with: "\r\n"), "25:14", "`echo ${SET!} bad`"),
    (block("|").replacingOccurrences(of: "\n", with: "\r"), "25:14", "`echo ${SET!} bad`"),
    ("services:\n  a:\n    image: \"x\n      y\n      ${\"\n", "5:7", "`x y ${`"),
    ("services:\n  a:\n    image: 'x\n\n      y ''$$ ${'\n", "5:14", "`y '$$ ${`"),
    ("services:\n  a:\n    image: x\n      é🐳 ${\n", "4:10", "`x é🐳 ${`"),
    ("services:\n  a:\n    image: \"\\x24\\u0024 \\\n      \\U00000024{\"\n", "4:7", "`$$ ${`"),
    (
      "services:\n  a: {image: i, command: [a, \"b\n    ${X:?no way}\"]}\n", "3:5",
      "must be set: no way"
    ),
    (
      "{\"services\": {\"a\": {\"image\": \"i\", \"command\": \"é\\nb\\nc ${\\nd\"}}}", "1:55",
      "`c ${`"
    ),
    ("x-a: &a |\n  one\n  ${A B}\nservices:\n  a: {image: i, command: *a}\n", "3:3", "`${A B}`"),
    ("services: {a: {image: i, labels: [\"${A\", b]}}", "1:36", "`${A`"),
  ]

  @Test(
    "is its own line and column, with at most one quoted line", arguments: files.indices)
  func location(index: Int) throws {
    let (text, location, quoted) = Self.files[index]
    let refused = try refusal(of: text, environment: ["SET": "x"])
    #expect(refused.hasPrefix("\(location): "), "\(refused)")
    #expect(refused.contains(quoted), "\(refused)")
    #expect(refused.utf8.count < 250, "\(refused)")
    #expect(!refused.contains("\\n"), "\(refused)")
  }

  @Test("is exact in a long line, of which only a part is quoted")
  func long() throws {
    let word = String(repeating: "0123456789", count: 50)
    let refused = try refusal(of: "services: {a: {image: \"\(word)${\(word)\"}}")
    #expect(refused.hasPrefix("1:524: `…"), "\(refused)")
    #expect(refused.contains("${0123456789"), "\(refused)")
    #expect(refused.utf8.count < 250, "\(refused)")
  }

  @Test("is reported like that of any wrong value with many lines: one line is quoted")
  func otherValues() throws {
    let text = "services:\n  a:\n    image: i\n    mem_limit: |\n"
    let refused = try refusal(of: text + Self.filler.joined(separator: "\n"))
    #expect(refused.hasPrefix("4:16: ") && refused.contains("echo line 1 $x …`"), "\(refused)")
    #expect(refused.utf8.count < 250, "\(refused)")
  }

  @Test("is reported like that of a variable that is not set")
  func unset() throws {
    let text = "services:\n  a:\n    image: i\n    command: |\n      one\n      two ${X}\n"
    let warning = try #require(try load(text).warnings.first)
    #expect(warning.position.line == 6 && warning.position.column == 11)
  }

  @Test("is exact in the format of Compose 1 and in files of variables")
  func others() throws {
    #expect(
      try refusal(of: "a:\n  image: i\n  command: |\n    one\n    two ${X:-y}\n").hasPrefix(
        "5:9: `two "))
    let environment = "A=1\nB=\"one\ntwo\n${\nthree\"\n"
    let refused = try refusal(
      of: "services: {a: {image: a, env_file: x.env}}", others: ["x.env": environment])
    #expect(refused.hasPrefix("x.env:4:1: `${` contains"), "\(refused)")
  }
}
