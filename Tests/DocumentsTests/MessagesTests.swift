import Testing

@Suite("Quotations in the pages")
struct MessagesTests {
  @Test("every message in a column 'message' is in the sources")
  func messages() throws {
    let sources = try Project.files(
      below: ["Sources", "cshim"], endings: ["swift", "c", "h", "cpp"])
    let literals = try sources.flatMap { SourceLiterals.all(in: try Project.text($0)) }
      .filter { $0.utf8.count > 8 }
    var count = 0
    for page in try Project.files(below: ["docs", "deploy"], endings: ["md"]) {
      for table in MarkdownTable.all(in: try Project.text(page)) where table.head[0] == "message" {
        for row in table.rows {
          for quote in row[0].matches(of: /`([^`]+)`/) {
            count += 1
            let message = String(quote.1)
            #expect(literals.contains { $0.gives(message) }, "\(page): no source has '\(message)'")
          }
        }
      }
    }
    #expect(count > 60)
  }

  @Test("literals are joined across +, and their interpolations are omitted")
  func literals() {
    let text = #"""
      // "no" literal
      let a = "one \(b("x)") + 1) two"
        + " three"
      puts("C" "++"); let c = "it's \"quoted\""
      """#
    #expect(SourceLiterals.all(in: text) == ["one … two three", "C++", #"it's "quoted""#])
    #expect("one … two three".gives("… two …"))
    #expect(!"one … two three".gives("two … one"))
  }
}
