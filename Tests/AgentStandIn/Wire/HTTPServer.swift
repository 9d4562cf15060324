import Foundation
import Synchronization

/// A small HTTP server over raw sockets, a thread for each connection: bytes can be split and connections
/// cut anywhere.
final class HTTPServer: Sendable {
  typealias Handler = @Sendable (HTTPRequest) -> HTTPAnswer

  private struct Open {
    var listening: [Int32] = []
    var connections: Set<Int32> = []
    var threads = 0
    var isStopping = false
  }

  private let open = Mutex(Open())
  private let ended = DispatchSemaphore(value: 0)
  private let faults: SharedFaults
  private let handler: Handler

  init(faults: SharedFaults, handler: @escaping Handler) {
    self.faults = faults
    self.handler = handler
  }

  /// Answers, in the background, whoever connects to a listening socket, which it closes in the end.
  func answer(at number: Int32, isOverDomainSocket: Bool) {
    open.withLock {
      $0.listening.append(number)
      $0.threads += 1
    }
    Thread.detachNewThread { [self] in
      while let peer = Socket.accept(number) {
        serve(peer, isOverDomainSocket: isOverDomainSocket)
      }
      close(number)
      threadEnded()
    }
  }

  /// Ends all connections and stops listening, as a killed process does; returns when all threads are gone.
  func stop() {
    let threads = open.withLock {
      $0.isStopping = true
      for number in $0.listening + Array($0.connections) { Socket.end(number) }
      $0.listening = []
      return $0.threads
    }
    if threads > 0 { ended.wait() }
  }

  private func threadEnded() {
    let last = open.withLock {
      $0.threads -= 1
      return $0.isStopping && $0.threads == 0
    }
    if last { ended.signal() }
  }

  private func serve(_ number: Int32, isOverDomainSocket: Bool) {
    let accepted = open.withLock {
      if $0.isStopping { return false }
      $0.connections.insert(number)
      $0.threads += 1
      return true
    }
    guard accepted else {
      close(number)
      return
    }
    Thread.detachNewThread { [self] in
      converse(number, HTTPRequestReader(isOverDomainSocket: isOverDomainSocket))
      Socket.end(number)
      // Out of the set before it is closed: the number can be used again at once.
      open.withLock { _ = $0.connections.remove(number) }
      close(number)
      threadEnded()
    }
  }

  /// The connection ends, or is reset.
  private func leave(_ number: Int32) {
    if faults.use({ $0.happens($0.faults.reset) }) { Socket.reset(number) }
  }

  private func converse(_ number: Int32, _ reader: HTTPRequestReader) {
    var reader = reader
    while true {
      let request: HTTPRequest
      do {
        guard let next = try reader.next({ Socket.read(number) }) else { return }
        request = next
      } catch {
        Socket.write(number, HTTPAnswer(400, "Failed to decode HTTP request").bytes)
        return
      }
      let wait = faults.use { $0.wait() }
      if wait > 0 { usleep(wait) }
      if faults.use({ $0.happens($0.faults.closeBeforeCall) }) { return leave(number) }
      let answer = handler(request)
      if faults.use({ $0.happens($0.faults.closeBeforeAnswer) }) {
        answer.stream?.abandon()
        return leave(number)
      }
      guard Socket.write(number, answer.bytes) else {
        answer.stream?.abandon()
        return
      }
      if let stream = answer.stream {
        stream.serve(number)
        return
      }
      if faults.use({ $0.happens($0.faults.closeAfterAnswer) }) { return leave(number) }
      if request.headers["connection"]?.lowercased() == "close" { return }
    }
  }
}

extension EventStream {
  /// Writes events until the stream or the connection ends.
  fileprivate func serve(_ number: Int32) {
    let writerEnded = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      write(to: number)
      writerEnded.signal()
    }
    // An executor never writes on this connection after its SUBSCRIBE: reading only tells that it has gone.
    while !Socket.read(number, atMost: 512).isEmpty {}
    abandon()
    Socket.end(number)
    writerEnded.wait()
  }
}
