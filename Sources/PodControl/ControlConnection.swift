import Concurrency
import Dispatch
import Glibc
import Linux
import Synchronization

/// A connection to an executor, for one request and the lines of its response. The connection is
/// closed together with its last reference.
package final class ControlConnection: Sendable {
  private struct State {
    var lines = LineBuffer(limit: ControlProtocol.longestResponse)
    var isClosed = false
    var source: ReadSource?
  }

  private let state = Mutex(State())
  private let change = AsyncCondition()
  private let file: Int32

  /// Takes ownership of a connected, non-blocking socket.
  init(_ file: Int32) {
    self.file = file
    let source = ReadSource(file, on: DispatchQueue(label: "control client")) { [weak self] in
      self?.read()
    }
    state.withLock { state in
      state.source = source
      if state.isClosed { source.cancel() }
    }
  }

  deinit { close() }

  /// Closes the connection. The rest of a response that is still being sent is lost.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      state.source?.cancel()
      state.source = nil
    }
    change.notifyAll()
  }

  /// Sends the request. An executor that does not accept it closes the connection, and `next`
  /// reports that.
  package func send(_ request: ControlRequest) {
    let bytes = ControlProtocol.line(request)
    state.withLock { state in
      if state.isClosed { return }
      _ = Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
  }

  /// The next line of the response.
  ///
  /// - Parameter deadline: when to stop the wait; nil for no deadline.
  /// - Returns: nil when the executor has closed the connection.
  /// - Throws: `ControlError`; `silent` at the deadline and when the task is canceled.
  package func next(
    until deadline: ContinuousClock.Instant? = nil
  ) async throws(ControlError) -> ControlResponse? {
    let clock = deadline.map { deadline in
      Task { [change] in
        try? await Task.sleep(until: deadline, clock: .continuous)
        change.notifyAll()
      }
    }
    defer { clock?.cancel() }
    while true {
      let seen = change.generation
      let (line, isClosed, isTooLong) = state.withLock { state in
        (state.lines.next(), state.isClosed, state.lines.isTooLong)
      }
      if let line { return try response(line) }
      if isTooLong { throw .garbled }
      if isClosed { return nil }
      if let deadline, .now >= deadline { throw .silent }
      do { try await change.wait(after: seen) } catch { throw .silent }
    }
  }

  private func response(_ line: [UInt8]) throws(ControlError) -> ControlResponse {
    guard let response = ControlProtocol.message(ControlResponse.self, in: line) else {
      throw .garbled
    }
    if let error = response.error { throw .refused(error) }
    return response
  }

  private func read() {
    state.withLock { state in
      var chunk = [UInt8](repeating: 0, count: 16_384)
      while !state.isClosed {
        // Unread bytes stay in the kernel, so the output limits of the executor apply.
        if state.lines.count > ControlProtocol.longestResponse {
          state.source?.pause(milliseconds: 20)
          break
        }
        let count = Glibc.read(file, &chunk, chunk.count)
        if count > 0 {
          state.lines.append(chunk[..<count])
        } else if count == 0 || errno != EINTR {
          if count < 0, errno == EAGAIN { break }
          state.isClosed = true
          state.source?.cancel()
          state.source = nil
        }
      }
    }
    change.notifyAll()
  }
}

/// Splits bytes into lines of bounded length.
package struct LineBuffer: Sendable {
  private var bytes: [UInt8] = []
  /// The number of bytes at the beginning that contain no newline.
  private var scanned = 0
  private let limit: Int

  /// An empty buffer.
  ///
  /// - Parameter limit: the longest line in bytes, without its newline.
  package init(limit: Int) { self.limit = limit }

  /// The number of buffered bytes.
  package var count: Int { bytes.count }

  /// Whether the received part of the next line is already longer than the limit.
  package var isTooLong: Bool { scanned > limit }

  /// Appends received bytes.
  package mutating func append(_ chunk: some Collection<UInt8>) { bytes += chunk }

  /// Removes and returns the next line without its newline; nil where the line is incomplete or too
  /// long.
  package mutating func next() -> [UInt8]? {
    guard let end = bytes[scanned...].firstIndex(of: 0x0a) else {
      scanned = bytes.count
      return nil
    }
    guard end <= limit else {
      scanned = end
      return nil
    }
    let line = Array(bytes[..<end])
    bytes.removeSubrange(...end)
    scanned = 0
    return line
  }
}
