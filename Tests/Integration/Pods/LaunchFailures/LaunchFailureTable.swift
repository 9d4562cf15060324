import Foundation
import TestSupport
import Testing

/// The result of a case, and its faults.
struct FailureOutcome: Sendable, CustomStringConvertible {
  let one: FailureCase
  /// Seconds from the failure to the executor's exit.
  let seconds: Double
  let end: PodEnd
  /// The faults of the exit and of the message; empty if there are none.
  let faults: [String]

  /// The longest time from a failure to the exit, in seconds.
  static let limit = 3.0

  var isRight: Bool { faults.isEmpty }
  var isLate: Bool { seconds > Self.limit }
  var isOnlyLate: Bool { isRight && isLate }

  var complaints: [String] {
    faults + (isLate ? [String(format: "%.1f s after the failure", seconds)] : [])
  }

  /// The message without the parts that differ between pods.
  var reason: String {
    var text = end.message
    for (pattern, replacement) in [
      (#"yaml:\d+:\d+"#, "yaml:LINE"), (#"nope\d+"#, "PLUGIN"),
      (#"10\.21[0-9]\.\d+\.\d+"#, "ADDRESS"), (#"[0-9a-f]{12,64}"#, "ID"),
      (#"it-[0-9a-f]{8}(-[0-9a-f]+)?"#, "TASK"),
      (#"compose-executor-test-[0-9A-F-]{36}"#, "DIRECTORY"),
      (#"'a/\d'"#, "'a'"), (#"127\.0\.0\.1:\d+"#, "REGISTRY"),
    ] {
      text = text.replacingOccurrences(
        of: pattern, with: replacement, options: .regularExpression)
    }
    return text
  }

  var description: String { "\(complaints.joined(separator: "; ")): \(end)" }
}

extension FailureSite {
  /// Runs a case's pod and checks its result.
  func outcome(of one: FailureCase, socket: Int) async throws -> FailureOutcome {
    let since = Date().timeIntervalSince1970
    let (end, over) = try await withPod(on: engine, file(one), settings(one, socket: socket)) {
      (try await $0.ended(within: .seconds(100)), Date().timeIntervalSince1970)
    }
    var faults: [String] = []
    if end.status != .exited(1) { faults.append("\(end.status)") }
    let mayHave = one.kind.mayRun ? ["TASK_RUNNING"] : []
    if end.states.last != "TASK_FAILED"
      || !end.states.allSatisfy((["TASK_STARTING", "TASK_FAILED"] + mayHave).contains)
    {
      faults.append("states \(end.states)")
    }
    func says(_ pattern: String) -> Bool {
      end.message.range(
        of: filled(pattern, one.number), options: [.regularExpression, .caseInsensitive]) != nil
    }
    if !says(one.kind.cause) { faults.append("doesn't say “\(one.kind.cause)”") }
    if one.kind.namesService, !says(#"'a(/\d)?'"#) { faults.append("doesn't name the service") }
    if says(Self.consequences) { faults.append("says a consequence") }
    let begin = try moment(one, socket: socket, since: since)
    if begin == nil, one.kind.moment != nil { faults.append("the engine reported no failure") }
    return FailureOutcome(one: one, seconds: over - (begin ?? since), end: end, faults: faults)
  }

  /// Consequences of a failure, which are not causes.
  private static let consequences =
    "not started|not healthy|waits for|non.running|not running within|no such container|cancel"
}

/// The matrix as a table: kind, waiter, seconds from the failure to the exit, message.
struct FailureTable {
  let outcomes: [FailureOutcome]
  /// The table has all combinations; it lists those that contradict each other.
  let isWhole: Bool

  var text: String {
    var rows = outcomes.map { outcome in
      [
        outcome.one.kind.name, outcome.one.waiter.name, String(format: "%.2f", outcome.seconds),
        (outcome.complaints.isEmpty ? "" : "WRONG: ")
          + outcome.end.message.replacingOccurrences(of: "|", with: "\\|"),
      ]
    }
    if isWhole {
      for kind in FailureKind.all {
        for waiter in FailureWaiter.all {
          guard let why = waiter.contradiction(to: kind) else { continue }
          rows.append([kind.name, waiter.name, "", "not combined: \(why)"])
        }
      }
    }
    let table = [["kind", "who waits", "s", "message"], ["---", "---", "---", "---"]] + rows
    let right = outcomes.filter(\.complaints.isEmpty).count
    let lines = table.map { "| " + $0.joined(separator: " | ") + " |" }
    return lines.joined(separator: "\n")
      + "\n\n\(right) of \(outcomes.count) combinations end as they should.\n"
  }

  /// Prints the table if it has all combinations, and writes it to the file in LAUNCH_MATRIX_TABLE.
  func write() throws {
    if isWhole { print(text) }
    if let path = ProcessInfo.processInfo.environment["LAUNCH_MATRIX_TABLE"] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
  }
}
