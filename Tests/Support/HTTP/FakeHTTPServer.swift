import Foundation
import Synchronization

/// An HTTP/1.1 server for tests, based on raw sockets with a thread for each connection. It sends
/// any bytes and closes a connection at any point.
///
/// It runs until ``stop()``.
package final class FakeHTTPServer: Sendable {
  /// Handles a request. False closes the connection.
  package typealias Handler = @Sendable (ServerRequest, ServerConnection) -> Bool

  private struct State {
    var addresses: [ListenAddress] = []
    var listeners: [Int32] = []
    var connections: [ObjectIdentifier: ServerConnection] = [:]
    var isStopped = false
    var accepted = 0
    var ended = 0
    var requests: [ServerRequest] = []
  }

  private let handler: Mutex<Handler?>
  private let state = Mutex(State())
  private let threads = DispatchGroup()

  /// Creates a server that doesn't listen yet.
  ///
  /// - Parameter handler: Handles requests. Without a handler, all input is read and discarded.
  package init(_ handler: Handler? = nil) { self.handler = Mutex(handler) }

  /// Sets the handler of future connections.
  package func handle(_ handler: @escaping Handler) { self.handler.withLock { $0 = handler } }

  /// Creates a server that listens, and sends a reply to each request.
  ///
  /// - Parameters:
  ///   - address: The address to listen at.
  ///   - reply: Returns the reply to a request.
  /// - Throws: ``SocketError`` if it can't listen.
  package convenience init(
    on address: ListenAddress = .temporary(),
    reply: @escaping @Sendable (ServerRequest) -> ServerReply
  ) throws(SocketError) {
    self.init { $1.send(reply($0)) }
    try listen(on: address)
  }

  /// Listens at an address.
  ///
  /// - Throws: ``SocketError`` if it can't listen.
  package func listen(on address: ListenAddress) throws(SocketError) {
    let listener = try Socket.listen(on: address)
    state.withLock { $0.addresses.append(address.bound(to: Socket.port(of: listener))) }
    serve(listener)
  }

  /// Listens again at the addresses and ports from before ``stop()``.
  ///
  /// - Throws: ``SocketError`` if it can't listen.
  package func restart() throws(SocketError) {
    for address in state.withLock({ $0.addresses }) { serve(try Socket.listen(on: address)) }
  }

  /// Accepts connections on a listening socket. Closes it when the server stops.
  package func serve(_ listener: Int32) {
    let isUnix = Socket.port(of: listener) == 0
    state.withLock {
      $0.isStopped = false
      $0.listeners.append(listener)
    }
    start {
      while let number = Socket.accept(listener) {
        let connection = ServerConnection(number, isUnix: isUnix)
        let isOpen = self.state.withLock { state in
          state.connections[ObjectIdentifier(connection)] = connection
          state.accepted += 1
          return !state.isStopped
        }
        if !isOpen { connection.end() }
        self.start { self.serve(connection) }
      }
      close(listener)
    }
  }

  /// The path of the first Unix socket.
  package var path: String {
    state.withLock { $0.addresses.lazy.compactMap(\.path).first ?? "" }
  }
  /// The first TCP port.
  package var port: UInt16 {
    state.withLock { $0.addresses.lazy.compactMap(\.port).first ?? 0 }
  }
  /// The number of connections accepted so far.
  package var accepted: Int { state.withLock { $0.accepted } }
  /// The number of connections that have ended.
  package var ended: Int { state.withLock { $0.ended } }
  /// The number of bytes of ``ServerReply/flood(_:)`` that were sent to open connections.
  package var sent: Int { state.withLock { $0.connections.values.reduce(0) { $0 + $1.sent } } }
  /// All requests received so far.
  package var requests: [ServerRequest] { state.withLock { $0.requests } }

  /// Accepts no more connections. Open connections stay open.
  package func stopListening() {
    let (listeners, addresses) = state.withLock { state in
      defer { state.listeners = [] }
      return (state.listeners, state.addresses)
    }
    for listener in listeners { Socket.end(listener) }
    for path in addresses.compactMap(\.path) { unlink(path) }
  }

  /// Stops listening and closes all connections, as if the process had died. Returns when all
  /// threads have finished.
  package func stop() {
    abandon()
    threads.wait()
  }

  /// Does the same as ``stop()`` without waiting for the threads, one of which may be the caller.
  package func abandon() {
    stopListening()
    let connections = state.withLock { state in
      state.isStopped = true
      return Array(state.connections.values)
    }
    for connection in connections { connection.end() }
  }

  private func start(_ body: @escaping @Sendable () -> Void) {
    threads.enter()
    Thread.detachNewThread { [threads] in
      body()
      threads.leave()
    }
  }

  private func serve(_ connection: ServerConnection) {
    converse(connection)
    connection.end()
    state.withLock { state in
      state.connections[ObjectIdentifier(connection)] = nil
      state.ended += 1
    }
  }

  private func converse(_ connection: ServerConnection) {
    guard let handler = handler.withLock({ $0 }) else { return connection.discard() }
    var reader = RequestReader(connection)
    do {
      while let request = try reader.next() {
        state.withLock { $0.requests.append(request) }
        guard handler(request, connection) else { return }
      }
    } catch {
      connection.send(.response(400, "Failed to decode HTTP request"))
    }
  }
}

/// The reply of a server to a request.
package enum ServerReply: Sendable {
  /// These bytes. The connection stays open.
  case text(String)
  /// These bytes. Then the server closes the connection.
  case textThenClose(String)
  /// A head, then this many bytes (0, 1, 2 … 255, 0 …).
  case flood(Int)

  /// A reply with a body of known length. The connection stays open.
  package static func response(
    _ status: Int, _ body: String = "", headers: KeyValuePairs<String, String> = [:]
  ) -> ServerReply {
    let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
    return .text(
      "HTTP/1.1 \(status) X\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }
}
