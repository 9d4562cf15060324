import Foundation
import TestSupport
import Testing

/// Random pods whose services join each other, exit, restart and stop at the same time. LIFE_ROUNDS
/// (20) is the number of rounds on all engines together, TEST_SEED repeats a run, and LIFE_ROUND
/// runs one round of it and prints all of its events. A failing round is shrunk, unless
/// LIFE_SHRINK=0.
@Suite("The lifecycles of random pods", .needsEngine, .heavy)
struct LifeRoundTests {
  private static let environment = ProcessInfo.processInfo.environment
  /// The number of pods that run at the same time.
  private static let width = 3

  private static func number(_ variable: String) -> Int? {
    environment[variable].flatMap { Int($0) }
  }

  @Test("services join, restart and stop as their file and their history allow")
  func anyLife() async throws {
    let seed = SeededGenerator(for: "lives of pods").seed
    let rounds =
      Self.number("LIFE_ROUND").map { [$0] } ?? Array(1...(Self.number("LIFE_ROUNDS") ?? 20))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, number) in rounds.enumerated() {
        if index >= Self.width { try await group.next() }
        group.addTask { try await Self.check(number, in: seed) }
      }
      try await group.waitForAll()
    }
  }

  private static func check(_ number: Int, in seed: UInt64) async throws {
    var generator = LifeGenerator(seed: StrangerGenerator.seed(of: number, in: seed))
    let round = generator.next()
    let engine = TestEngine.all[number % TestEngine.all.count]
    let report = try await LifeRound(engine: engine, round: round).run()
    let title = "life \(number) on \(engine), TEST_SEED=\(seed)"
    let state = report.history.states.last
    print(
      "\(title): \(report.history.ended) ms, \(report.starts) starts of"
        + " \(round.pod.services.count), \(state?.name ?? "-") \(report.history.status)"
        + " \(state?.message ?? "")")
    // A long run prints its progress.
    fflush(nil)
    if !report.complaints.isEmpty || Self.number("LIFE_ROUND") != nil {
      print("\(title) LIFE_ROUND=\(number)\n\(round)\n\(report.description)")
      fflush(nil)
    }
    if report.complaints.isEmpty { return }
    guard let first = try await repeated(report.complaints, of: round, on: engine) else {
      print("\(title) LIFE_ROUND=\(number): not in a second run: \(report.complaints)")
      fflush(nil)
      return
    }
    guard environment["LIFE_SHRINK"] != "0" else {
      Issue.record("\(title) LIFE_ROUND=\(number): \(report.complaints)")
      return
    }
    let limit = ContinuousClock.now + .seconds(300)
    let last = LastFailure(report)
    let smallest = try await LifeShrinking(hasTime: { .now < limit }).shrink(round) { smaller in
      let report = try await LifeRound(engine: engine, round: smaller).run()
      let isSame = report.complaints.contains { $0.rule == first.rule }
      if isSame { await last.set(report) }
      return isSame
    }
    Issue.record(
      "\(title) LIFE_ROUND=\(number), shrunk:\n\(smallest)\n\(await last.report.description)")
  }

  /// The first complaint whose rule a second run of the round breaks too. The limits of the model
  /// are a few seconds: a stall of the machine exceeds them once, a fault of the executor again.
  /// A crash counts without a second run.
  private static func repeated(
    _ complaints: [LifeComplaint], of round: LifeCase, on engine: TestEngine
  ) async throws -> LifeComplaint? {
    if let crash = complaints.first(where: { $0.text.contains("Fatal error") }) { return crash }
    let again = try await LifeRound(engine: engine, round: round).run()
    let rules = Set(again.complaints.map(\.rule))
    return complaints.first { rules.contains($0.rule) }
  }
}

/// The result of the smallest failing round so far.
private actor LastFailure {
  private(set) var report: LifeRound.Report

  init(_ report: LifeRound.Report) { self.report = report }

  func set(_ report: LifeRound.Report) { self.report = report }
}
