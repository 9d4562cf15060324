import Concurrency
import Synchronization
import TestSupport
import Testing

@Suite("A condition that tasks wait for", .timeLimit(.minutes(5)))
struct AsyncConditionTests {
  private actor Counter {
    private let changes = AsyncCondition()
    private(set) var count = 0

    func increment() {
      count += 1
      changes.notifyAll()
    }

    func wait(for wanted: Int) async throws {
      while count < wanted { try await changes.wait(after: changes.generation) }
    }
  }

  @Test("misses no change, however the waits and the changes interleave")
  func everyChange() async throws {
    let counter = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...2000 {
        group.addTask { try await counter.wait(for: number) }
        group.addTask { await counter.increment() }
      }
      try await group.waitForAll()
    }
    #expect(await counter.count == 2000)
  }

  @Test("lets a task go that is canceled, before its wait or in it", arguments: [false, true])
  func canceled(isEarly: Bool) async throws {
    let change = AsyncCondition()
    let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
    let waiting = Task {
      if isEarly { while !Task.isCancelled { await Task.yield() } }
      continuation.finish()
      try await change.wait(after: change.generation)
    }
    if !isEarly { for await _ in begun {} }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test("keeps one that waits whatever is canceled until the change")
  func uncanceled() async throws {
    let change = AsyncCondition()
    let waiting = Task {
      await change.waitUncanceled(after: 0)
      return change.generation
    }
    waiting.cancel()
    for _ in 0..<100 { await Task.yield() }
    change.notifyAll()
    #expect(await waiting.value == 1)
  }
}

@Suite("A semaphore", .timeLimit(.minutes(5)))
struct AsyncSemaphoreTests {
  private final class Busy: Sendable {
    let state = Mutex((now: 0, most: 0, done: 0))
  }

  @Test("lets so many through at once, also where a third of those who wait are canceled")
  func bound() async throws {
    let semaphore = AsyncSemaphore(value: 3)
    let busy = Busy()
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<600 {
      tasks.append(
        Task {
          try await semaphore.withPermit {
            busy.state.withLock {
              $0.now += 1
              $0.most = max($0.most, $0.now)
            }
            await Task.yield()
            busy.state.withLock { $0.now -= 1 }
          }
          busy.state.withLock { $0.done += 1 }
        })
      if number % 3 == 0 { tasks[number].cancel() }
    }
    for task in tasks { _ = await task.result }
    let result = busy.state.withLock { $0 }
    #expect(result.now == 0 && result.most <= 3 && result.done >= 400, "\(result)")
    #expect(semaphore.waitingCount == 0)
    // All permits are back.
    for _ in 0..<3 { try await semaphore.wait() }
  }

  @Test("lets one that is canceled leave the queue at once")
  func canceled() async throws {
    let semaphore = AsyncSemaphore(value: 1)
    try await semaphore.wait()
    let waiting = Task { try await semaphore.wait() }
    try await eventually("the wait") { semaphore.waitingCount == 1 }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    #expect(semaphore.waitingCount == 0)
    semaphore.signal()
    try await semaphore.wait()
  }
}

@Suite("A deadline", .timeLimit(.minutes(5)))
struct DeadlineTests {
  @Test("tells whether a task has ended, and leaves it alone")
  func ending() async {
    let gate = AsyncSemaphore(value: 0)
    let task = Task { _ = try? await gate.wait() }
    #expect(await task.hasEnded(within: .milliseconds(20)) == false)
    gate.signal()
    #expect(await task.hasEnded(within: .seconds(180)))
  }

  @Test("gives way to a cancellation only where it is asked to", arguments: [false, true])
  func cancellation(givesWay: Bool) async {
    let gate = AsyncSemaphore(value: 0)
    let task = Task { _ = try? await gate.wait() }
    let waiting = Task { await task.hasEnded(within: .seconds(600), orCancelled: givesWay) }
    waiting.cancel()
    if givesWay {
      #expect(await waiting.value == false)
      gate.signal()
    } else {
      gate.signal()
      #expect(await waiting.value)
    }
    await task.value
  }
}
