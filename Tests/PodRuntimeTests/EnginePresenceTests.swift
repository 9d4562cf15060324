import Testing

@testable import PodRuntime

@Suite("A pod's record of its engine's outages")
struct EnginePresenceTests {
  private let begin = ContinuousClock.now

  private func afterTakedown() -> EnginePresence {
    var presence = EnginePresence()
    _ = presence.leave(at: begin)
    presence.recordTakedown()
    presence.comeBack(at: begin + .seconds(2))
    return presence
  }

  @Test("counts an outage once, however often it is detected")
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

  @Test("attributes an exit that a returning engine reports late to the engine, for ten seconds")
  func late() {
    let presence = afterTakedown()
    #expect(presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin - .seconds(1)))
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(13), ofStartAt: begin - .seconds(1)))
  }

  @Test("doesn't attribute the exit of a container started after the return")
  func newStart() {
    let presence = afterTakedown()
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin + .seconds(2)))
  }

  @Test("attributes no exit after the return of an engine that kept the containers")
  func kept() {
    var presence = EnginePresence()
    _ = presence.leave(at: begin)
    #expect(presence.mayHaveCaused(exitAt: begin, ofStartAt: begin - .seconds(1)))
    presence.comeBack(at: begin + .seconds(2))
    #expect(!presence.mayHaveCaused(exitAt: begin + .seconds(3), ofStartAt: begin - .seconds(1)))
    #expect(!presence.hasTakenDown(since: 0))
  }
}
