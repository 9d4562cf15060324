import Subprocess

/// Lets a process run to its end or its deadline. It is in a session of its own, so that one that hangs takes all that it
/// started along.
///
/// - Parameters:
///   - limit: how long it may take.
///   - run: runs it with these options.
/// - Returns: how it ended; nil where its time was over.
/// - Throws: what `run` throws, `CancellationError`.
public func processStatus(
  within limit: Duration,
  _ run: @escaping @Sendable (PlatformOptions) async throws -> TerminationStatus
) async throws -> TerminationStatus? {
  var options = PlatformOptions()
  options.teardownSequence = [
    .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
  ]
  options.createSession = true
  let platform = options
  return try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
    group.addTask { try await run(platform) }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    let first = try await group.next() ?? nil
    group.cancelAll()
    return first
  }
}
