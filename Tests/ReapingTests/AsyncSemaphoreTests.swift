import Synchronization
import TestSupport
import Testing

@testable import Reaping

@Suite("A semaphore")
struct AsyncSemaphoreTests {
  @Test("a task that waits for a permit can be canceled, and takes none with it")
  func canceled() async throws {
    let semaphore = AsyncSemaphore(1)
    let (release, end) = AsyncStream.makeStream(of: Void.self)
    let (began, begin) = AsyncStream.makeStream(of: Void.self)
    let holder = Task {
      try await semaphore.withPermit {
        begin.finish()
        for await _ in release {}
      }
    }
    for await _ in began {}
    let waiting = Task { try await semaphore.withPermit { Issue.record("it had a permit") } }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    end.finish()
    try await holder.value
    #expect(try await semaphore.withPermit { 7 } == 7)
  }

  @Test("no more tasks than it has permits work at once, and all of them get one")
  func bound() async throws {
    let semaphore = AsyncSemaphore(3)
    let counts = Counts()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<300 {
        group.addTask {
          try await semaphore.withPermit {
            counts.begin()
            await Task.yield()
            counts.end()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(counts.most <= 3 && counts.all == 300)
  }

  private final class Counts: Sendable {
    private let state = Mutex((now: 0, most: 0, all: 0))
    func begin() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.all + 1) } }
    func end() { state.withLock { $0.now -= 1 } }
    var most: Int { state.withLock(\.most) }
    var all: Int { state.withLock(\.all) }
  }
}
