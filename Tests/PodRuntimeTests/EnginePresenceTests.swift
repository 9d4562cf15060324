import Testing

@testable import PodRuntime

@Suite("What a pod knows of its engine's presence")
struct EnginePresenceTests {
  private let begin = ContinuousClock.now

  private func afterTakedown() -> EnginePresence {
    var presence = EnginePresence()
    _ = presence.leave(at: begin)
    presence.recordTakedown()
    presence.comeBack(at: begin + .seconds(2))
    return presence
  }

  @Test("an outage is counted once, however often it is noticed")
  func counted() {
    var presence = EnginePresence()
    let first = presence.leave(at: begin)
    let second = presence.leave(at: begin + .seconds(1))
    #expect(first && !second)
    #expect(presence.awaySince == begin)
    #expect(presence.outages == 1)
    presence.comeBack(at: begin + .seconds(2))
    #expect(!presence.isAway)
    _ = presence.leave(at: begin + .seconds(3))
    #expect(presence.outages == 2)
  }

  @Test("an exit that a returning engine reports late is its doing, for ten seconds")
  func late() {
    let presence = afterTakedown()
    #expect(presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin - .seconds(1)))
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(13), ofStartAt: begin - .seconds(1)))
  }

  @Test("the exit of what was started after its return is its own")
  func newStart() {
    let presence = afterTakedown()
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin + .seconds(2)))
  }

  @Test("an engine that kept the containers has caused no exit after its return")
  func kept() {
    var presence = EnginePresence()
    _ = presence.leave(at: begin)
    #expect(presence.mayHaveCaused(exitAt: begin, ofStartAt: begin - .seconds(1)))
    presence.comeBack(at: begin + .seconds(2))
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin - .seconds(1)))
    #expect(!presence.hasTakenDown(since: 0))
  }
}
