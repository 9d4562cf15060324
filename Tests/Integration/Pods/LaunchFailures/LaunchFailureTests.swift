import Foundation
import TestSupport
import Testing

/// LAUNCH_MATRIX=all runs every combination of a failure and a waiter; otherwise a tenth of them is
/// run, which TEST_SEED repeats.
@Suite("A launch that can't succeed", .needsEngine, .heavy)
struct LaunchFailureTests {
  private static let takesAll = ProcessInfo.processInfo.environment["LAUNCH_MATRIX"] == "all"

  private static func cases(for purpose: String) -> [FailureCase] {
    var random = SeededGenerator(for: purpose)
    return takesAll ? FailureCase.all : FailureCase.tenth(&random)
  }

  @Test("stops within three seconds of the failure, names its cause, and leaves no object")
  func matrix() async throws {
    let engine = try #require(TestEngine.all.first)
    let cases = Self.cases(for: "launch failures")
    try await FailureSite.with(engine) { site in
      var outcomes = try await site.each(cases) { try await site.outcome(of: $0, socket: $1) }
      // Other work on the machine can delay the executor: the case is measured again, alone.
      for index in outcomes.indices {
        for _ in 0..<3 where outcomes[index].isOnlyLate {
          outcomes[index] = try await site.outcome(of: cases[index], socket: 0)
        }
      }
      for outcome in outcomes {
        #expect(outcome.complaints.isEmpty, "\(outcome.one): \(outcome)")
      }
      let reasons = Dictionary(grouping: outcomes) { $0.one.kind.name }
      for (kind, outcomes) in reasons {
        let texts = Set(outcomes.map(\.reason))
        #expect(texts.count == 1, "\(kind) has several reasons: \(texts.sorted())")
      }
      try FailureTable(outcomes: outcomes, isWhole: Self.takesAll).write()
    }
  }

  @Test("reports the same cause each time, whatever else fails because of it")
  func sameCause() async throws {
    let engine = try #require(TestEngine.all.first)
    let kinds = ["entry point missing", "wrong architecture", "device missing", "exits"]
    let waiters = ["network_mode", "pid", "share: net", "three of the failing", "chain of three"]
    let cases = FailureCase.all.filter {
      kinds.contains($0.kind.name) && waiters.contains($0.waiter.name)
    }
    let chosen = Self.takesAll ? cases : cases.filter { $0.number % 3 == 0 }
    try await FailureSite.with(engine) { site in
      let repeated = chosen.flatMap { Array(repeating: $0, count: 4) }
      let outcomes = try await site.each(repeated) { try await site.outcome(of: $0, socket: $1) }
      for (name, outcomes) in Dictionary(grouping: outcomes, by: { "\($0.one)" }) {
        let texts = Set(outcomes.map(\.reason))
        #expect(texts.count == 1, "\(name): \(texts.sorted())")
        let wrong = outcomes.filter { !$0.isRight }
        #expect(wrong.isEmpty, "\(name): \(wrong)")
      }
    }
  }

  @Test("is killed at any moment before, during and after the failure, and leaves no object")
  func killed() async throws {
    let engine = try #require(TestEngine.all.first)
    var random = SeededGenerator(for: "moments of a kill")
    let cases = Self.takesAll ? FailureCase.all : FailureCase.tenth(&random)
    // Half of them are killed at a random moment, half when the engine reports the failure.
    let moments = cases.map { _ in
      (atFailure: Bool.random(using: &random), after: Int.random(in: 0...2500, using: &random))
    }
    try await FailureSite.with(engine) { site in
      let plan = zip(cases, moments).map { ($0.number, $1) }
      let moments = Dictionary(plan) { first, _ in first }
      _ = try await site.each(cases) { one, socket in
        let (atFailure, after) = moments[one.number] ?? (false, 0)
        let limit = FailureSite.grace + .seconds(10)
        let took = try await leastDuration(below: limit) {
          try await site.kill(
            one, socket: socket, atFailure: atFailure, after: .milliseconds(after))
        }
        #expect(took < limit, "\(one), \(atFailure ? "at the failure" : "after \(after) ms")")
      }
    }
  }
}

extension FailureSite {
  /// Stops a case's pod at a moment of its launch, and returns the duration of the stop.
  fileprivate func kill(
    _ one: FailureCase, socket: Int, atFailure: Bool, after: Duration
  ) async throws -> Duration {
    let since = Date().timeIntervalSince1970
    return try await withPod(on: engine, file(one), settings(one, socket: socket)) { pod in
      let begin = ContinuousClock.now
      try await eventually("the moment", within: .seconds(180)) {
        if atFailure, try moment(one, socket: socket, since: since) != nil { return true }
        if pod.executor.status != nil { return true }
        return !atFailure && .now - begin >= after
      }
      let isOver = pod.executor.status != nil
      pod.send(SIGTERM)
      let clock = ContinuousClock.now
      let end = try await pod.ended(within: .seconds(180))
      let took = ContinuousClock.now - clock
      let how = "\(one), \(atFailure ? "at the failure" : "after \(after)"), took \(took): \(end)"
      switch end.states.last {
      case nil: #expect(!isOver && end.status == .signaled(SIGTERM), "\(how)")
      case "TASK_FAILED": #expect(end.status == .exited(1), "\(how)")
      default:
        #expect(end.states.last == "TASK_KILLED", "\(how)")
        #expect(end.status == .exited(130), "\(how)")
      }
      return took
    }
  }
}
