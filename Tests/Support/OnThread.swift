import Foundation

/// Runs CPU-intensive work on its own thread. The threads of Swift's concurrency, one per
/// processor, remain free for tests that have deadlines.
package func onThread<Result: Sendable>(
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}
