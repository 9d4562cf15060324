import Glibc

/// A bound datagram socket, in the reaper's place.
final class DatagramSocket {
  private let descriptor: Int32

  /// Binds it.
  ///
  /// - Throws: ``Failed``.
  init(at path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
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

  struct Failed: Error {
    let code: Int32
  }

  /// A datagram that is there already; nil if there is none.
  func receive() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : Array(bytes.prefix(count))
  }
}
