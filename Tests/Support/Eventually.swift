/// A condition that did not come true in time.
public struct DeadlinePassed: Error, CustomStringConvertible, Sendable {
  /// What was waited for, as the test said it.
  public let what: String
  /// How long was waited.
  public let within: Duration

  /// What was waited for, and how long.
  public var description: String { "not within \(within): \(what)" }
}

/// Waits until `condition` holds: the only place of the tests that polls.
///
/// The condition is looked at once more after the deadline, so that a machine that stood still
/// doesn't fail a test.
///
/// - Parameters:
///   - what: What is waited for, in words; it ends up in the error.
///   - within: The longest wait.
///   - interval: The pause between two looks.
///   - condition: Looked at again and again; what it throws ends the wait.
/// - Throws: ``DeadlinePassed`` when the time is over; `CancellationError` when the task is cancelled.
nonisolated(nonsending) public func eventually(
  _ what: String, within: Duration = .seconds(90), every interval: Duration = .milliseconds(20),
  _ condition: () async throws -> Bool
) async throws {
  let _: Bool = try await eventually(what, within: within, every: interval) {
    try await condition() ? true : nil
  }
}

/// Waits until `value` returns something, and returns that; otherwise like the form with a condition.
///
/// - Parameters:
///   - what: What is waited for, in words; it ends up in the error.
///   - within: The longest wait.
///   - interval: The pause between two looks.
///   - value: Asked again and again until it is not nil; what it throws ends the wait.
/// - Returns: The first value that was not nil.
/// - Throws: ``DeadlinePassed`` when the time is over; `CancellationError` when the task is cancelled.
nonisolated(nonsending) public func eventually<Value>(
  _ what: String, within: Duration = .seconds(90), every interval: Duration = .milliseconds(20),
  _ value: () async throws -> Value?
) async throws -> Value {
  let deadline = ContinuousClock.now + within
  while true {
    let last = ContinuousClock.now >= deadline
    if let found = try await value() { return found }
    if last { throw DeadlinePassed(what: what, within: within) }
    try await Task.sleep(for: interval)
  }
}
