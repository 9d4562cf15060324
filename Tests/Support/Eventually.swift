/// A condition didn't become true in time.
package struct DeadlinePassed: Error, CustomStringConvertible, Sendable {
  /// The description of the condition.
  package let what: String
  /// The time limit.
  package let within: Duration

  /// The condition and the time limit.
  package var description: String { "not within \(within): \(what)" }
}

/// Waits until `condition` holds. No other code of the tests polls.
///
/// The condition is checked once more after the deadline, so that a test doesn't fail because the
/// machine paused.
///
/// - Parameters:
///   - what: A description of the condition, for the error.
///   - within: The time limit.
///   - interval: The pause between two checks.
///   - condition: The condition, which is checked repeatedly. An error of it ends the wait.
/// - Throws: ``DeadlinePassed`` after the time limit; `CancellationError` if the task is canceled;
///   the error of `condition`.
nonisolated(nonsending) package func eventually(
  _ what: String, within: Duration = .seconds(180), every interval: Duration = .milliseconds(20),
  _ condition: () async throws -> Bool
) async throws {
  let _: Bool = try await eventually(what, within: within, every: interval) {
    try await condition() ? true : nil
  }
}

/// Waits until `value` returns a value that is not nil, and returns that value.
///
/// - Parameters:
///   - what: A description of the condition, for the error.
///   - within: The time limit.
///   - interval: The pause between two calls.
///   - value: A function that is called until its value is not nil. An error of it ends the wait.
/// - Returns: The first value that is not nil.
/// - Throws: ``DeadlinePassed`` after the time limit; `CancellationError` if the task is canceled;
///   the error of `value`.
nonisolated(nonsending) package func eventually<Value>(
  _ what: String, within: Duration = .seconds(180), every interval: Duration = .milliseconds(20),
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
