import Glibc

/// A bound datagram socket, in place of a service that receives notifications.
package final class DatagramSocket: Sendable {
  private let descriptor: Int32

  /// Creates and binds the socket.
  ///
  /// - Parameter path: The path of the socket.
  /// - Throws: ``Failed``.
  package init(at path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw Failed(code: errno) }
  }

  deinit { close(descriptor) }

  /// The socket can't be bound.
  package struct Failed: Error {
    /// The `errno` of `bind`.
    package let code: Int32
  }

  /// Receives a datagram without waiting.
  ///
  /// - Returns: The bytes of the datagram. Nil if there is none.
  package func receive() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : Array(bytes.prefix(count))
  }

  /// Receives all pending datagrams, as text.
  package func texts() -> [String] {
    var found: [String] = []
    while let bytes = receive() { found.append(String(decoding: bytes, as: UTF8.self)) }
    return found
  }
}
