import Glibc

/// A system call on a socket that failed.
public struct SocketError: Error, CustomStringConvertible, Sendable {
  /// What was being done to what.
  public let what: String
  /// The `errno` of it.
  public let code: Int32

  /// What was being done, and what the system says.
  public var description: String { "\(what): \(String(cString: strerror(code)))" }
}

/// Where a server listens.
public enum ListenAddress: Sendable, Hashable {
  /// 127.0.0.1, at this port; 0 for any that is free.
  case loopback(port: UInt16)
  /// A unix domain socket.
  case unix(path: String)
}

/// The few calls on sockets that the stand-in needs, without buffers: each byte goes when it is told to.
package enum Socket {
  package static func listen(on address: ListenAddress) throws(SocketError) -> Int32 {
    switch address {
    case .loopback(let port):
      let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard number >= 0 else { throw SocketError(what: "make a TCP socket", code: errno) }
      var yes: Int32 = 1
      setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      return try bind(number, &name, "127.0.0.1:\(port)")
    case .unix(let path):
      let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard number >= 0 else { throw SocketError(what: "make a unix socket", code: errno) }
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.utf8) + [0]
      guard bytes.count <= MemoryLayout.size(ofValue: name.sun_path) else {
        close(number)
        throw SocketError(what: "listen on \(path)", code: ENAMETOOLONG)
      }
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
      unlink(path)
      let bound = try bind(number, &name, path)
      // src/common/domain_sockets.hpp, `DOMAIN_SOCKET_DEFAULT_MODE`: executors of every user may connect.
      chmod(path, 0o666)
      return bound
    }
  }

  private static func bind<Name>(
    _ number: Int32, _ name: inout Name, _ what: String
  ) throws(SocketError) -> Int32 {
    let bound = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(number, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
    guard bound == 0, Glibc.listen(number, 128) == 0 else {
      let code = errno
      close(number)
      throw SocketError(what: "listen on \(what)", code: code)
    }
    return number
  }

  /// The port that a TCP socket is bound to; 0 for another socket.
  static func port(of number: Int32) -> UInt16 {
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let asked = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &size) }
    }
    return asked == 0 && name.sin_family == sa_family_t(AF_INET)
      ? UInt16(bigEndian: name.sin_port) : 0
  }

  /// Waits for a connection; nil when the socket was shut down.
  package static func accept(_ number: Int32) -> Int32? {
    while true {
      let peer = GNU.accept4(number, nil, nil, O_CLOEXEC)
      if peer >= 0 { return peer }
      if errno != EINTR && errno != ECONNABORTED { return nil }
    }
  }

  /// Whatever has arrived, at most `count` bytes; empty at the end of the stream or after an error.
  package static func read(_ number: Int32, atMost count: Int = 65536) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    while true {
      let got = recv(number, &buffer, count, 0)
      if got < 0, errno == EINTR { continue }
      return got > 0 ? Array(buffer[..<got]) : []
    }
  }

  /// Writes all of it, whatever it takes; false if the peer has gone.
  @discardableResult
  package static func write(_ number: Int32, _ bytes: some Collection<UInt8>) -> Bool {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent < 0, errno == EINTR { continue }
      if sent <= 0 { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  /// Has the connection reset when it is closed (tcp(7), SO_LINGER of zero): whoever reads from it gets an error.
  static func reset(_ number: Int32) {
    var none = linger(l_onoff: 1, l_linger: 0)
    setsockopt(number, SOL_SOCKET, SO_LINGER, &none, socklen_t(MemoryLayout<linger>.size))
  }

  /// Ends both directions; whoever reads from it sees the end.
  package static func end(_ number: Int32) { shutdown(number, Int32(SHUT_RDWR)) }
}
