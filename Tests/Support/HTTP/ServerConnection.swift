import Foundation
import Synchronization

/// A connection that a test's server has accepted.
package final class ServerConnection: Sendable {
  /// Whether the connection uses a Unix domain socket.
  let isUnix: Bool
  private let number: Int32
  private let flooded = Atomic(0)

  init(_ number: Int32, isUnix: Bool) {
    self.number = number
    self.isUnix = isUnix
  }

  // Not earlier: another owner may still write, and the descriptor could then belong to another
  // socket.
  deinit { close(number) }

  /// The number of bytes of ``ServerReply/flood(_:)`` that the socket accepted.
  var sent: Int { flooded.load(ordering: .relaxed) }

  /// The bytes that have arrived, at most `count`. Waits for the first. Empty at the end.
  package func read(atMost count: Int = 65536) -> [UInt8] { Socket.read(number, atMost: count) }

  /// Reads and discards until the peer closes the connection.
  package func discard() {
    while !read(atMost: 512).isEmpty {}
  }

  /// Writes all bytes. False if the peer has closed the connection.
  @discardableResult
  package func write(_ bytes: some Collection<UInt8>) -> Bool { Socket.write(number, bytes) }

  /// Sends a reply.
  ///
  /// - Returns: Whether the connection stays open.
  @discardableResult
  package func send(_ reply: ServerReply) -> Bool {
    switch reply {
    case .text(let text): return write(text.utf8)
    case .textThenClose(let text):
      write(text.utf8)
      return false
    case .flood(let size):
      guard write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n".utf8) else { return false }
      let block = (0..<65536).map { UInt8(truncatingIfNeeded: $0) }
      for start in stride(from: 0, to: size, by: block.count) {
        let part = block.prefix(size - start)
        guard write(part) else { return false }
        flooded.add(part.count, ordering: .relaxed)
      }
      return true
    }
  }

  /// Shuts down both directions. The peer reads end-of-file.
  package func end() { Socket.end(number) }

  /// Causes a reset of the connection when it is closed (tcp(7), SO_LINGER of zero). The peer gets
  /// an error.
  package func reset() { Socket.reset(number) }
}
