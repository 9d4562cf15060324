import Foundation
import Testing

@Suite("The invariants of docs/design.md")
struct InvariantTests {
  @Test("are each named by number in a test, and no test names another")
  func named() throws {
    let page = try Project.text("docs/design.md")
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
}
