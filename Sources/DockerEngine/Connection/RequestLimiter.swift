import Synchronization

/// Lets so many requests of a kind be under way at once; the rest wait for their turn in the order
/// in which they came. One whose task is cancelled leaves the queue at once.
final class RequestLimiter: Sendable {
  private struct Queue {
    var busy = 0
    /// In the order of their numbers.
    var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private struct State {
    var queues: [RequestKind: Queue] = [:]
    var lastNumber = 0
  }

  private let state = Mutex(State())
  private let limit: @Sendable (RequestKind) -> Int

  init(limit: @escaping @Sendable (RequestKind) -> Int = \.limit) {
    self.limit = limit
  }

  /// How many requests of a kind wait for their turn.
  func waiting(_ kind: RequestKind) -> Int {
    state.withLock { $0.queues[kind]?.waiting.count ?? 0 }
  }

  /// Sends a request when its turn has come.
  /// - Throws: what it throws; `CancellationError` if its task is cancelled before its turn.
  func run<Value: Sendable>(
    _ kind: RequestKind, _ request: () async throws -> Value
  ) async throws -> Value {
    try await enter(kind)
    defer { leave(kind) }
    return try await request()
  }

  private func enter(_ kind: RequestKind) async throws {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let pledge = kind.makesSomething ? Pledge.current : nil
    let hasTurn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        pledge?.onCancel { self.drop(number, of: kind) }
        let hasTurn: Bool? = state.withLock { state in
          // Cancelled before it could be registered: the handler has come and gone.
          if Task.isCancelled || pledge?.isCancelled == true { return false }
          var queue = state.queues[kind] ?? Queue()
          defer { state.queues[kind] = queue }
          if queue.busy < limit(kind) {
            queue.busy += 1
            return true
          }
          queue.waiting.append((number, continuation))
          return nil
        }
        if let hasTurn { continuation.resume(returning: hasTurn) }
      }
    } onCancel: {
      drop(number, of: kind)
    }
    guard hasTurn else { throw CancellationError() }
  }

  private func leave(_ kind: RequestKind) {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      // Who waits longest takes the place over.
      if state.queues[kind]?.waiting.isEmpty == false {
        return state.queues[kind]?.waiting.removeFirst().continuation
      }
      state.queues[kind]?.busy -= 1
      return nil
    }
    next?.resume(returning: true)
  }

  private func drop(_ number: Int, of kind: RequestKind) {
    let dropped = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let index = state.queues[kind]?.waiting.firstIndex(where: { $0.number == number })
      else { return nil }
      return state.queues[kind]?.waiting.remove(at: index).continuation
    }
    dropped?.resume(returning: false)
  }
}

/// What a task that may be cancelled has promised: what it has sent is waited for, what it hasn't
/// isn't sent any more.
final class Pledge: Sendable {
  @TaskLocal static var current: Pledge?

  private struct State {
    var isCancelled = false
    var handlers: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func onCancel(_ handler: @escaping @Sendable () -> Void) {
    state.withLock { $0.handlers.append(handler) }
  }

  func cancel() {
    let handlers = state.withLock { state in
      state.isCancelled = true
      defer { state.handlers = [] }
      return state.handlers
    }
    for handler in handlers { handler() }
  }
}

extension DockerEngine {
  /// Runs calls to their end even if the task that asks is cancelled: the engine completes a create
  /// or start whose client has gone, so it's better to hear how it went. One that makes something
  /// and still waits for its turn isn't sent then.
  /// - Throws: what the calls throw; `CancellationError` where they weren't sent.
  @discardableResult
  public static func uncut<Value: Sendable>(
    _ calls: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let pledge = Pledge()
    return try await withTaskCancellationHandler {
      try await Task { try await Pledge.$current.withValue(pledge) { try await calls() } }.value
    } onCancel: {
      pledge.cancel()
    }
  }
}
