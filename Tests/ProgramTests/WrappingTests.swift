import Testing

@testable import Program

/// Tables and texts on terminals that are too narrow for them, and reports that are redrawn.
struct WrappingTests {
  private func terminal(_ columns: Int?, mode: AnsiMode = .never) -> Terminal {
    Terminal(isTerminal: true, reported: columns, mode: mode, environment: [:])
  }

  private func table(_ task: String) -> TextTable {
    var table = TextTable([("STATE", .left), ("TASK", .left), ("N", .right), ("WHY", .left)])
    table.add([.init("alive", .green), .init(task), "3", "its executor's process lives"])
    table.add([
      .init("undecided", .yellow), "other", "12",
      "no process has its pid, but the grace of 30 s isn't over and it is judged again",
    ])
    return table
  }

  @Test func aTableThatFitsIsNotWrapped() {
    for columns in [nil, 200] as [Int?] {
      let lines = table("web").lines(for: terminal(columns), wrapping: [3, 1])
      #expect(lines == table("web").lines())
      #expect(lines.count == 3)
    }
  }

  @Test func theFirstFlexibleColumnIsWrappedInPlaceWhereItHasRoom() {
    #expect(
      table("web").lines(for: terminal(60), wrapping: [3, 1]) == [
        "STATE      TASK    N  WHY",
        "alive      web     3  its executor's process lives",
        "undecided  other  12  no process has its pid, but the grace",
        "                      of 30 s isn't over and it is judged",
        "                      again",
      ])
  }

  @Test func flexibleColumnsMoveBelowTheirRowWhereThereIsNoRoom() {
    let task = "a.marathon.task.with.a.long.name"
    #expect(
      table(task).lines(for: terminal(60), wrapping: [3, 1]) == [
        "STATE      TASK                               N",
        "alive      \(task)   3",
        "    its executor's process lives",
        "undecided  other                             12",
        "    no process has its pid, but the grace of 30 s isn't over",
        "    and it is judged again",
      ])
    #expect(
      table(task).lines(for: terminal(34), wrapping: [3, 1]).prefix(4) == [
        "STATE       N", "alive       3", "    a.marathon.task.with.a.long.na", "    me",
      ])
  }

  @Test(arguments: 20...120)
  func nothingIsLostAndNoLineIsTooWide(_ columns: Int) {
    func letters(_ lines: [String]) -> [Character] {
      lines.joined().filter { $0 != " " }.sorted()
    }
    let table = table("a.marathon.task.with.a.long.name")
    let lines = table.lines(for: terminal(columns), wrapping: [3, 1])
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns }, "\(lines)")
    let whole = letters(Array(table.lines().dropFirst()))
    #expect(letters(Array(lines.dropFirst())) == whole, "\(lines)")
    let colored = table.lines(for: terminal(columns, mode: .always), wrapping: [3, 1])
    #expect(colored.contains { $0.contains("\u{1b}[32malive\u{1b}[0m") })
  }

  @Test func textIsBrokenBetweenWordsAndLongWordsAreBrokenToo() {
    #expect(LineWrap.lines("a bc def", width: 4) == ["a bc", "def"])
    #expect(LineWrap.lines("abcdefghij kl", width: 4) == ["abcd", "efgh", "ij", "kl"])
    #expect(LineWrap.lines("short", width: nil) == ["short"])
    #expect(LineWrap.lines("", width: 4) == [""])
    #expect(LineWrap.lines("ab", width: 0) == ["a", "b"])
  }

  @Test func aReportIsDrawnInPlaceAndCutAtTheTerminalsHeight() {
    let text = (1...5).map(String.init).joined(separator: "\n")
    #expect(
      Watch.frame("1\n2", rows: 24, isFirst: true)
        == "\u{1b}[2J\u{1b}[H1\u{1b}[K\n2\u{1b}[K\n\u{1b}[J")
    #expect(!Watch.frame(text, rows: nil, isFirst: false).contains("\u{1b}[2J"))
    #expect(!Watch.frame(text, rows: 6, isFirst: false).contains("more lines"))
    let cut = Watch.frame(text, rows: 5, isFirst: false)
    #expect(cut == "\u{1b}[H1\u{1b}[K\n2\u{1b}[K\n3\u{1b}[K\n… 2 more lines\u{1b}[K\n\u{1b}[J")
  }
}
