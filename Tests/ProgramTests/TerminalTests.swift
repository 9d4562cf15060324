import Testing

@testable import Program

/// The capabilities of an output, derived from `--ansi`, the environment and the kind of output.
struct TerminalTests {
  /// All combinations of NO_COLOR, TERM, `--ansi` and the kind of output.
  @Test(arguments: AnsiMode.allCases, [true, false])
  func colorsAndRedrawingFollowModeEnvironmentAndOutput(_ mode: AnsiMode, isTerminal: Bool) {
    for noColor in [nil, "", "1"] {
      for term in [nil, "dumb", "xterm"] {
        var environment: [String: String] = [:]
        environment["NO_COLOR"] = noColor
        environment["TERM"] = term
        let terminal = Terminal(
          isTerminal: isTerminal, reported: 80, mode: mode, environment: environment)
        let expected: (color: Bool, redraw: Bool) =
          switch mode {
          case .never: (false, false)
          case .always: (true, isTerminal)
          case .auto:
            (isTerminal && term != "dumb" && noColor != "1", isTerminal && term != "dumb")
          }
        #expect(terminal.isColored == expected.color, "\(mode) \(environment)")
        #expect(terminal.canRedraw == expected.redraw, "\(mode) \(environment)")
      }
    }
  }

  @Test func columnsOfTheEnvironmentAreStrongerThanTheTerminals() {
    func columns(_ text: String?, isTerminal: Bool) -> Int? {
      var environment: [String: String] = [:]
      environment["COLUMNS"] = text
      return Terminal(
        isTerminal: isTerminal, reported: 80, mode: .auto, environment: environment
      ).columns
    }
    #expect(columns("200", isTerminal: true) == 200)
    #expect(columns("200", isTerminal: false) == 200)
    for bad in ["", "x", "0", "-1", "99999999999999999999"] {
      #expect(columns(bad, isTerminal: true) == 80)
      #expect(columns(bad, isTerminal: false) == nil)
    }
  }

  @Test func aTableAlignsItsColumnsAndIsCutAtTheTerminalsWidth() {
    var table = TextTable([("NAME", .left), ("COUNT", .right), ("WHY", .left)])
    table.add(["web", "1", "is up"])
    table.add([.init("a-longer-name", .green), "12345", ""])
    #expect(
      table.lines() == [
        "NAME           COUNT  WHY",
        "web                1  is up",
        "a-longer-name  12345",
      ])
    let narrow = Terminal(
      isTerminal: true, reported: 15, mode: .auto, environment: ["TERM": "xterm"])
    for line in table.lines(for: narrow, cuts: true) {
      let visible = line.replacing("\u{1b}[32m", with: "").replacing("\u{1b}[0m", with: "")
      #expect(visible.unicodeScalars.count <= 15, "\(visible)")
    }
  }

  @Test func aCellCannotSteerTheTerminal() {
    var table = TextTable([("NAME", .left)])
    table.add([.init("a\u{1b}[2Jb\nc")])
    #expect(table.lines()[1] == "a\u{fffd}[2Jb c")
  }
}
