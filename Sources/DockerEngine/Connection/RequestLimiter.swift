import Concurrency

/// Limits the number of concurrent requests of each kind. Further requests wait in the order of
/// their arrival. A request whose task is canceled leaves the queue at once.
final class RequestLimiter: Sendable {
  private let semaphores: [RequestKind: AsyncSemaphore]

  init(limit: (RequestKind) -> Int = \.limit) {
    semaphores = Dictionary(
      uniqueKeysWithValues: RequestKind.allCases.map { ($0, AsyncSemaphore(value: limit($0))) })
  }

  /// The number of requests of a kind that are waiting.
  func waiting(_ kind: RequestKind) -> Int { semaphores[kind]?.waitingCount ?? 0 }

  /// Sends a request when its turn has come. A request that makes something isn't sent once the
  /// task around `withoutCancellation` is canceled. The engine completes a create or start even if
  /// its client has gone, so a request that was sent is awaited, and one that wasn't is dropped.
  /// - Throws: The errors of `request`; `CancellationError` if the request wasn't sent.
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
