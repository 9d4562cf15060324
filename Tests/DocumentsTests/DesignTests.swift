import Foundation
import PodIdentity
import Testing

@Suite("docs/design.md")
struct DesignTests {
  private static let path = "docs/design.md"

  @Test("every invariant has a test with its number, and no test has an unknown number")
  func invariants() throws {
    let page = try Project.text(Self.path)
    let start = try #require(page.range(of: "\n## Invariants\n")).upperBound
    let rest = page[start...]
    let section = rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    let listed = section.matches(of: /\n([0-9]+)\.\s/).compactMap { Int($0.1) }
    #expect(listed == Array(1...max(1, listed.count)))
    var named: Set<Int> = []
    for file in try Project.files(below: ["Tests"], endings: ["swift"]) {
      for found in try Project.text(file).matches(of: /Invariant ([0-9]+):/) {
        let number = try #require(Int(found.1))
        named.insert(number)
        #expect(listed.contains(number), "\(file): there is no invariant \(number)")
      }
    }
    #expect(Set(listed).subtracting(named).sorted() == [], "no test has `Invariant N:`")
  }

  @Test("the table of targets has every directory of Sources, each above those that it uses")
  func targets() throws {
    let cells = MarkdownTable.all(in: try Project.text(Self.path)).flatMap(\.rows).map { $0[0] }
    let names = cells.compactMap { cell in
      cell.wholeMatch(of: /`Sources\/(\w+)`/).map { String($0.1) }
    }
    let files = try Project.files(below: ["Sources"], endings: ["swift", "c"])
    #expect(names.sorted() == Set(files.map { String($0.split(separator: "/")[1]) }).sorted())
    let package = try Project.text("Package.swift")
    var uses = 0
    for target in package.matches(of: /(?:library|program)\(\s*"(\w+)",\s*\[([^\]]*)\]/) {
      guard let own = names.firstIndex(of: String(target.1)) else { continue }
      for use in target.2.matches(of: /"(\w+)"/) {
        guard let used = names.firstIndex(of: String(use.1)) else { continue }
        uses += 1
        #expect(own < used, "\(target.1) uses \(use.1)")
      }
    }
    #expect(uses > 50)
  }

  @Test("every label of the contract is described", arguments: PodLabel.all.sorted())
  func labels(label: String) throws {
    #expect(try Project.text(Self.path).contains("`\(label)`"))
  }
}
