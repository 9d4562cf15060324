import Foundation
import TestSupport
import Testing

/// Random pods, while a stranger uses their engine. STRANGER_ROUNDS (20) is the number of rounds on
/// all engines together, TEST_SEED repeats a run, STRANGER_ROUND runs one round of it, and
/// STRANGER_KEEP only some operations of that round: `0,2` the first and the third, empty none.
@Suite("A stranger on the engine", .needsEngine, .throttled)
struct StrangerTests {
  private static let environment = ProcessInfo.processInfo.environment

  private static func number(_ variable: String) -> Int? {
    environment[variable].flatMap { Int($0) }
  }

  @Test(
    "a pod's result fits its history, and it leaves no object and touches no foreign one",
    arguments: TestEngine.all.map(\.cgroups))
  func anyHistory(cgroups: TestEngine.CgroupVersion) async throws {
    let seed = SeededGenerator(for: "a stranger, cgroup \(cgroups.rawValue)").seed
    let count = (Self.number("STRANGER_ROUNDS") ?? 20) / TestEngine.all.count
    let rounds = Self.number("STRANGER_ROUND").map { [$0] } ?? Array(1...max(1, count))
    try await Registry.lend { registry in
      try await OwnEngine.with(cgroups) { own in
        let world = try await StrangerWorld.prepare(own, registry)
        let images = try await world.imageIDs()
        for number in rounds {
          let salt = cgroups == .v1 ? number : number + 1_000_000
          var generator = StrangerGenerator(
            seed: StrangerGenerator.seed(of: salt, in: seed))
          let round = StrangerRound(
            world: world, round: Self.reduced(generator.next()),
            mark: "\(number)-\(cgroups.rawValue)",
            baseImages: images)
          let report = try await round.run()
          let title = "round \(number) on cgroup \(cgroups.rawValue), TEST_SEED=\(seed)"
          print(
            "\(title): \(report.milliseconds) ms, \(report.outcome?.state ?? "-")"
              + " \(report.outcome?.status.description ?? "") \(report.outcome?.message ?? "")")
          // A long run prints its progress.
          fflush(nil)
          guard !report.complaints.isEmpty else { continue }
          Issue.record("\(title) STRANGER_ROUND=\(number)\n\(Self.text(report, round.round))")
        }
      }
    }
  }

  private static func reduced(_ round: StrangerCase) -> StrangerCase {
    guard let keep = environment["STRANGER_KEEP"] else { return round }
    let indices = Set(keep.split(separator: ",").compactMap { Int($0) })
    var round = round
    round.steps = round.steps.enumerated().filter { indices.contains($0.offset) }.map(\.element)
    return round
  }

  private static func text(_ report: StrangerRound.Report, _ round: StrangerCase) -> String {
    (report.complaints.map { "WRONG: \($0)" } + ["\(round)", "what happened:"]
      + report.events.map(\.description) + ["allowed failures: \(report.excuses)", "stdout:"]
      + report.stdout.suffix(60) + ["stderr:"] + report.stderr.suffix(60)).joined(separator: "\n")
  }
}
