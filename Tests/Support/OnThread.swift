import Foundation

/// Does work that takes a processor for long on a thread of its own: the threads of Swift's concurrency, as many as
/// processors, stay free for tests that have deadlines.
package func onThread<Result: Sendable>(
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}
