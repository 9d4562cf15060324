import Testing

@testable import MesosExecutor

@Suite("Log lines that an agent causes")
struct LineLimitTests {
  @Test("an equal line is logged once a minute, with the number of suppressed ones")
  func repeated() {
    var limit = LineLimit()
    #expect(limit.admit("a", at: .zero) == "a")
    for second in 1...59 { #expect(limit.admit("a", at: .seconds(second)) == nil) }
    #expect(limit.admit("b", at: .seconds(59)) == "b")
    #expect(limit.admit("a", at: .seconds(60)) == "a (and 59 times before)")
  }

  @Test("at most a hundred different lines are logged per minute")
  func different() {
    var limit = LineLimit()
    let admitted = (0..<1000).compactMap { limit.admit("\($0)", at: .seconds(1)) }
    #expect(admitted.count == 100)
    #expect(limit.admit("later", at: .seconds(62)) == "later")
  }
}
