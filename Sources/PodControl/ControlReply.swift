import Concurrency
import Dispatch
import Glibc
import Linux
import Synchronization

/// The connection of one client to the server: its request and the response.
package final class ControlReply: Sendable {
  private struct State {
    var input = LineBuffer(limit: ControlProtocol.longestRequest)
    var hasRequest = false
    var output: [UInt8] = []
    /// When the first byte of the pending output was queued.
    var waitsSince: ContinuousClock.Instant?
    var isFlushing = false
    var isEnding = false
    var isClosed = false
    var source: ReadSource?
    var handle: ControlServer.Handler?
    var work: Task<Void, Never>?
  }

  /// The client.
  package let peer: SocketPeer
  private let file: Int32
  private let queue: DispatchQueue
  private let patience: Duration
  private let closed: @Sendable () -> Void
  private let change = AsyncCondition()
  private let state = Mutex(State())

  init(
    _ file: Int32, _ peer: SocketPeer, on queue: DispatchQueue, patience: Duration,
    closed: @escaping @Sendable () -> Void
  ) {
    (self.file, self.peer, self.queue, self.patience) = (file, peer, queue, patience)
    self.closed = closed
  }

  deinit { state.withLock(\.source)?.cancel() }

  /// Whether further lines can be sent.
  package var isOpen: Bool { state.withLock { !$0.isClosed && !$0.isEnding } }

  /// Sends a line after all lines before it have been passed to the kernel.
  ///
  /// - Parameter response: the line.
  /// - Returns: false once the client has disconnected, or was cut off because it does not read.
  @discardableResult
  package func send(_ response: ControlResponse) async -> Bool {
    while true {
      let seen = change.generation
      let isReady = state.withLock { $0.output.isEmpty || $0.isClosed }
      if isReady { break }
      do { try await change.wait(after: seen) } catch { return false }
    }
    return put(response, isLast: response.end == true)
  }

  /// Sends the last line, unless it was already sent.
  ///
  /// - Parameter error: the reason why the request was refused or failed; nil on success.
  package func end(error: String? = nil) {
    put(ControlResponse(error: error, end: true), isLast: true)
  }

  /// Reads the request and passes it to a handler.
  func begin(_ handle: @escaping ControlServer.Handler) {
    let source = ReadSource(file, on: queue) { [weak self] in self?.read() }
    let isClosed = state.withLock { state in
      (state.source, state.handle) = (source, handle)
      return state.isClosed
    }
    if isClosed { return source.cancel() }
    flush()
    // The line for a refused client has been sent, and the server does not hold this connection.
    if state.withLock(\.isEnding) { return close() }
    queue.asyncAfter(deadline: .now() + patience.seconds) { [weak self] in
      guard let self, state.withLock({ !$0.hasRequest && !$0.isEnding }) else { return }
      refuse("no request within \(patience)")
      flush()
    }
  }

  /// Queues an error as the last line, without a handled request.
  func refuse(_ error: String) { put(ControlResponse(error: error, end: true), isLast: true) }

  /// Closes the connection and cancels the task that handles its request.
  func close() {
    let (isFirst, work, source) = state.withLock { state in
      defer { (state.isClosed, state.source, state.work, state.handle) = (true, nil, nil, nil) }
      return (!state.isClosed, state.work, state.source)
    }
    guard isFirst else { return }
    work?.cancel()
    source?.cancel()
    change.notifyAll()
    closed()
  }

  @discardableResult
  private func put(_ response: ControlResponse, isLast: Bool) -> Bool {
    var bytes = ControlProtocol.line(response)
    if bytes.count > ControlProtocol.longestResponse {
      bytes = ControlProtocol.line(ControlResponse(error: "the response is too long", end: true))
    }
    let isTaken = state.withLock { state in
      if state.isClosed || state.isEnding { return false }
      state.output += bytes
      state.waitsSince = state.waitsSince ?? .now
      state.isEnding = isLast
      return true
    }
    if isTaken { queue.async { self.flush() } }
    return isTaken
  }

  /// Sends the bytes that the kernel accepts, and retries soon with the rest.
  private func flush() {
    let isOver = state.withLock { state -> Bool in
      guard !state.isClosed, state.source != nil else { return false }
      while !state.output.isEmpty {
        let count = state.output.withUnsafeBytes {
          Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        if count > 0 {
          state.output.removeFirst(count)
        } else if errno == EAGAIN {
          if let since = state.waitsSince, .now - since > patience { return true }
          if !state.isFlushing {
            state.isFlushing = true
            queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [weak self] in
              self?.state.withLock { $0.isFlushing = false }
              self?.flush()
            }
          }
          return false
        } else if errno != EINTR {
          return true
        }
      }
      state.waitsSince = nil
      return state.isEnding
    }
    change.notifyAll()
    if isOver { close() }
  }

  /// Reads all available bytes. Dispatch reports only once that a peer has hung up.
  private func read() {
    let (isAtEnd, request) = state.withLock { state -> (Bool, [UInt8]?) in
      var request: [UInt8]?
      var chunk = [UInt8](repeating: 0, count: 4096)
      while !state.isClosed {
        let count = Glibc.read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN { break }
        if count <= 0 { return (true, request) }
        // A connection has one request. Bytes after it are ignored.
        if state.hasRequest { continue }
        state.input.append(chunk[..<count])
        request = state.input.next()
        if request == nil, state.input.isTooLong { request = [] }
        state.hasRequest = request != nil
      }
      return (false, request)
    }
    if let request { serve(request) }
    if isAtEnd { watchHangUp() }
  }

  /// Closes the connection once the client is gone. A client that has only shut down its sending
  /// side still receives the response.
  private func watchHangUp() {
    let isGone = state.withLock { state -> Bool? in
      if state.isClosed || state.source == nil { return nil }
      if !state.hasRequest { return true }
      var descriptor = pollfd(fd: file, events: 0, revents: 0)
      return poll(&descriptor, 1, 0) < 0 || descriptor.revents & Int16(POLLHUP | POLLERR) != 0
    }
    switch isGone {
    case nil: return
    case true?: close()
    case false?:
      queue.asyncAfter(deadline: .now() + .milliseconds(500)) { [weak self] in self?.watchHangUp() }
    }
  }

  private func serve(_ line: [UInt8]) {
    guard let request = ControlProtocol.message(ControlRequest.self, in: line) else {
      let isEmpty = line.isEmpty
      return refuse(
        isEmpty ? "the request is longer than 64 KiB, or empty" : "the request is invalid")
    }
    guard request.version == ControlProtocol.version else {
      return refuse(
        "protocol version \(request.version) is not supported: this executor has version "
          + "\(ControlProtocol.version)")
    }
    guard let handle = state.withLock({ $0.handle }) else { return }
    let work = Task {
      await handle(request, self)
      self.end()
    }
    let isClosed = state.withLock { state in
      if !state.isClosed { state.work = work }
      return state.isClosed
    }
    if isClosed { work.cancel() }
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
