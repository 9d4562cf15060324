import Concurrency
import Synchronization

/// A request and its response so far. The event loop's thread and the waiting task share it.
final class Exchange: Sendable {
  enum Mode: Sendable {
    case whole, stream
    /// Only the status of the last response after redirects. The body is discarded as it arrives.
    case status
  }

  /// An event that a task waits for. The end of the transfer reaches all of them.
  enum Milestone: Sendable { case head, piece, end }

  private struct State {
    var head: HTTPHead?
    var buffer: [UInt8] = []
    var isPaused = false
    var outcome: Result<Void, any Error>?

    var isCancelled: Bool {
      if case .failure(let error)? = outcome { return error is CancellationError }
      return false
    }

    func isReached(_ milestone: Milestone) -> Bool {
      if outcome != nil { return true }
      return switch milestone {
      case .head: head != nil
      case .piece: !buffer.isEmpty
      case .end: false
      }
    }
  }

  /// When a stream's buffer has this many bytes or more, it accepts no more data.
  static let highWaterMark = 1 << 20

  let request: HTTPRequest
  let mode: Mode
  /// Keeps the event loop running while a task reads.
  private let client: HTTPClient
  private let state = Mutex(State())
  private let changes = AsyncCondition()

  init(request: HTTPRequest, mode: Mode, client: HTTPClient) {
    self.request = request
    self.mode = mode
    self.client = client
  }

  // MARK: - The waiting task

  /// Sends the request and waits for a milestone.
  func perform(until milestone: Milestone) async throws {
    try Task.checkCancellation()
    client.submit(.start(self))
    await wait(for: milestone, isolation: nil)
  }

  /// The next bytes of the body. Nil at its end.
  func nextPiece(isolation: isolated (any Actor)?) async throws -> [UInt8]? {
    while true {
      if Task.isCancelled { cancel() }
      enum Step { case piece([UInt8], resume: Bool), end, wait }
      let step: Step = try state.withLock { state in
        if state.isCancelled { throw CancellationError() }
        guard state.buffer.isEmpty else {
          let piece = state.buffer
          state.buffer = []
          defer { state.isPaused = false }
          return .piece(piece, resume: state.isPaused)
        }
        guard let outcome = state.outcome else { return .wait }
        try outcome.get()
        return .end
      }
      switch step {
      case .piece(let bytes, let resume):
        if resume { client.submit(.resume(self)) }
        return bytes
      case .end: return nil
      case .wait: await wait(for: .piece, isolation: isolation)
      }
    }
  }

  func receivedHead() throws -> HTTPHead {
    try state.withLock { state in
      if let head = state.head, !state.isCancelled { return head }
      try state.outcome?.get()
      throw error(
        .connectionLost, "\(request.endpoint) closed the connection before its response began")
    }
  }

  func wholeResponse() throws -> HTTPResponse {
    let head = try receivedHead()
    return try state.withLock { state in
      try state.outcome?.get()
      return HTTPResponse(head: head, body: state.buffer)
    }
  }

  var bufferedByteCount: Int { state.withLock { $0.buffer.count } }

  /// Ends the exchange. A waiting task gets `CancellationError` at once, and the event loop drops
  /// the transfer.
  func cancel() {
    guard finish(.failure(CancellationError())) else { return }
    client.submit(.drop(self))
  }

  private func wait(for milestone: Milestone, isolation: isolated (any Actor)?) async {
    await withTaskCancellationHandler {
      while true {
        let seen = changes.generation
        if state.withLock({ $0.isReached(milestone) }) { return }
        // A cancellation ends the exchange, so every milestone is reached.
        await changes.waitUncanceled(after: seen)
      }
    } onCancel: {
      cancel()
    }
  }

  // MARK: - The event loop

  func error(_ kind: HTTPError.Kind, _ reason: String) -> HTTPError {
    HTTPError(kind: kind, request: "\(request.method) \(request.path)", reason: reason)
  }

  func receive(head: HTTPHead) {
    state.withLock { $0.head = head }
  }

  enum Reception { case taken, full, tooLarge }

  /// Appends bytes of the body to the buffer, unless the consumer is too far behind.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Reception {
    state.withLock { state in
      switch mode {
      case .whole:
        guard state.buffer.count + bytes.count <= request.maximumBodySize else { return .tooLarge }
      case .status:
        return .taken
      case .stream:
        guard state.buffer.count < Self.highWaterMark else {
          state.isPaused = true
          return .full
        }
      }
      state.buffer.append(contentsOf: bytes)
      return .taken
    }
  }

  /// Wakes the readers of a stream. It is separate from `receive`, so that many small chunks cause
  /// one wakeup.
  func wakeWaiters() {
    if mode == .stream { changes.notifyAll() }
  }

  /// Records the outcome of the transfer and wakes all waiting tasks. False if an outcome was
  /// already recorded.
  @discardableResult
  func finish(_ outcome: Result<Void, any Error>) -> Bool {
    let isFirst = state.withLock { state in
      guard state.outcome == nil else { return false }
      state.outcome = outcome
      return true
    }
    if isFirst { changes.notifyAll() }
    return isFirst
  }

  var hasEnded: Bool { state.withLock { $0.outcome != nil } }
}
