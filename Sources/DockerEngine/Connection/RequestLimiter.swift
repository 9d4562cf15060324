import Concurrency

/// Lets so many requests of a kind be under way at once; the rest wait for their turn in the order
/// in which they came. One whose task is canceled leaves the queue at once.
final class RequestLimiter: Sendable {
  private let semaphores: [RequestKind: AsyncSemaphore]

  init(limit: (RequestKind) -> Int = \.limit) {
    semaphores = Dictionary(
      uniqueKeysWithValues: RequestKind.allCases.map { ($0, AsyncSemaphore(value: limit($0))) })
  }

  /// How many requests of a kind wait for their turn.
  func waiting(_ kind: RequestKind) -> Int { semaphores[kind]?.waitingCount ?? 0 }

  /// Sends a request when its turn has come. One that makes something isn't sent once the task around
  /// `withoutCancellation` is canceled: the engine completes a create or start whose client has gone, so what was sent
  /// is waited for, and what wasn't needn't be.
  /// - Throws: what it throws; `CancellationError` if it wasn't sent.
  func run<Value: Sendable>(
    _ kind: RequestKind, _ request: () async throws -> Value
  ) async throws -> Value {
    guard let semaphore = semaphores[kind] else { return try await request() }
    if kind.makesSomething, let pledge = Pledge.current {
      let turn = Task { try await semaphore.wait() }
      pledge.onCancel { turn.cancel() }
      try await turn.value
    } else {
      try await semaphore.wait()
    }
    defer { semaphore.signal() }
    return try await request()
  }
}
