import Concurrency
import Synchronization
import TestSupport
import Testing

@testable import DockerEngine

@Suite("Requests of one kind", .timeLimit(.minutes(5)))
struct RequestLimiterTests {
  /// Counts running requests and their highest number. A request runs until `open()`.
  private final class Gauge: Sendable {
    private struct State {
      var busy = 0
      var most = 0
      var order: [Int] = []
    }
    private let state = Mutex(State())
    private let isOpen = Mutex(false)

    var busy: Int { state.withLock { $0.busy } }
    var most: Int { state.withLock { $0.most } }
    var order: [Int] { state.withLock { $0.order } }

    func open() { isOpen.withLock { $0 = true } }

    func request(_ number: Int) async {
      state.withLock {
        $0.busy += 1
        $0.most = max($0.most, $0.busy)
        $0.order.append(number)
      }
      try? await eventually("the gate open") { self.isOpen.withLock { $0 } }
      state.withLock { $0.busy -= 1 }
    }
  }

  @Test("are limited in number, and get their turn in the order of their arrival")
  func limit() async throws {
    let limiter = RequestLimiter { _ in 3 }
    let gauge = Gauge()
    var requests: [Task<Void, any Error>] = []
    for number in 0..<20 {
      requests.append(Task { try await limiter.run(.create) { await gauge.request(number) } })
      try await eventually("the request under way or waiting") {
        gauge.busy + limiter.waiting(.create) == number + 1
      }
    }
    #expect(gauge.busy == 3)
    // Another kind has its own limit.
    try await limiter.run(.inspect) {}
    gauge.open()
    for request in requests { try await request.value }
    #expect(gauge.most == 3)
    #expect(gauge.order.prefix(4) == [0, 1, 2, 3])
    #expect(gauge.order.sorted() == Array(0..<20))
    #expect(limiter.waiting(.create) == 0)
  }

  @Test("release their place when they fail")
  func failure() async throws {
    struct Fault: Error {}
    let limiter = RequestLimiter { _ in 1 }
    for _ in 0..<3 {
      await #expect(throws: Fault.self) { try await limiter.run(.start) { throw Fault() } }
    }
    try await limiter.run(.start) {}
  }

  @Test("leave the queue at once when their task is canceled, and don't affect others")
  func cancelled() async throws {
    let limiter = RequestLimiter { _ in 1 }
    let gauge = Gauge()
    let first = Task { try await limiter.run(.start) { await gauge.request(1) } }
    try await eventually("one request under way") { gauge.busy == 1 }
    let second = Task { try await limiter.run(.start) { await gauge.request(2) } }
    try await eventually("one request waiting") { limiter.waiting(.start) == 1 }
    let third = Task { try await limiter.run(.start) { await gauge.request(3) } }
    try await eventually("two requests waiting") { limiter.waiting(.start) == 2 }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(gauge.busy == 1)
    #expect(limiter.waiting(.start) == 1)
    gauge.open()
    try await first.value
    try await third.value
    #expect(gauge.order == [1, 3])
    // A request whose task is canceled before it is queued is never sent.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await limiter.run(.start) { await gauge.request(4) }
    }
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(gauge.order == [1, 3])
  }

  @Test("that were canceled a thousand times lose no place")
  func races() async throws {
    let limiter = RequestLimiter { _ in 2 }
    let requests = (0..<1000).map { _ in
      Task { try await limiter.run(.create) { await Task.yield() } }
    }
    for (index, request) in requests.enumerated() where index % 3 == 0 { request.cancel() }
    for request in requests { _ = await request.result }
    let gauge = Gauge()
    let last = (0..<2).map { number in
      Task { try await limiter.run(.create) { await gauge.request(number) } }
    }
    try await eventually("two requests under way") { gauge.busy == 2 }
    gauge.open()
    for request in last { try await request.value }
  }

  @Test(
    "without cancellation aren't sent once their task is canceled, but are awaited if they were"
  )
  func uncut() async throws {
    let limiter = RequestLimiter { _ in 1 }
    let gauge = Gauge()
    let sent = Task {
      try await withoutCancellation { try await limiter.run(.create) { await gauge.request(1) } }
    }
    try await eventually("one request under way") { gauge.busy == 1 }
    let queued = Task {
      try await withoutCancellation { try await limiter.run(.create) { await gauge.request(2) } }
    }
    try await eventually("one request waiting") { limiter.waiting(.create) == 1 }
    sent.cancel()
    queued.cancel()
    await #expect(throws: CancellationError.self) { try await queued.value }
    #expect(gauge.busy == 1)
    gauge.open()
    try await sent.value
    #expect(gauge.order == [1])
  }

  @Test("that remove something are sent even if their task is canceled")
  func removal() async throws {
    let limiter = RequestLimiter { _ in 1 }
    let gauge = Gauge()
    let first = Task { try await limiter.run(.remove) { await gauge.request(1) } }
    try await eventually("one request under way") { gauge.busy == 1 }
    let second = Task {
      try await withoutCancellation { try await limiter.run(.remove) { await gauge.request(2) } }
    }
    try await eventually("one request waiting") { limiter.waiting(.remove) == 1 }
    second.cancel()
    gauge.open()
    try await first.value
    try await second.value
    #expect(gauge.order == [1, 2])
  }

  @Test(
    "have a kind by their method and path",
    arguments: [
      ("POST", "/containers/create", RequestKind.create), ("POST", "/volumes/create", .create),
      ("POST", "/containers/web/start", .start), ("POST", "/networks/n/connect", .connect),
      ("PUT", "/containers/web/archive", .copy), ("DELETE", "/containers/n", .remove),
      ("DELETE", "/networks/n", nil),
      ("GET", "/containers/web/json", .inspect), ("GET", "/_ping", nil),
      ("POST", "/containers/web/stop", nil), ("POST", "/containers/web/kill", nil),
      ("POST", "/containers/web/wait", nil), ("POST", "/containers/web/attach", nil),
    ] as [(String, String, RequestKind?)])
  func kinds(method: String, path: String, kind: RequestKind?) {
    #expect(EngineCall(method, path).kind == kind)
  }
}
