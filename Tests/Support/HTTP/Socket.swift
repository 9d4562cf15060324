import Glibc

/// A failed system call on a socket.
package struct SocketError: Error, CustomStringConvertible, Sendable {
  /// The action and its object.
  package let what: String
  /// The `errno`.
  package let code: Int32

  /// The action and the system's error text.
  package var description: String { "\(what): \(String(cString: strerror(code)))" }
}

/// The address at which a server listens.
package enum ListenAddress: Sendable, Hashable {
  /// 127.0.0.1 or ::1 with this port. 0 is any free port.
  case loopback(port: UInt16 = 0, isIPv6: Bool = false)
  /// A Unix domain socket.
  case unix(path: String)

  /// A Unix domain socket in `/tmp` that no other test uses.
  package static func temporary() -> ListenAddress {
    .unix(path: "/tmp/fake-server-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock")
  }

  /// The path of a Unix domain socket. Nil for TCP.
  var path: String? { if case .unix(let path) = self { path } else { nil } }
  /// The TCP port. Nil for a Unix domain socket.
  var port: UInt16? { if case .loopback(let port, _) = self { port } else { nil } }

  /// The address with the port to which a socket is bound.
  func bound(to port: UInt16) -> ListenAddress {
    if case .loopback(_, let isIPv6) = self { .loopback(port: port, isIPv6: isIPv6) } else { self }
  }
}

/// The socket calls that test servers need. They don't buffer: each byte is sent at once.
package enum Socket {
  package static func listen(on address: ListenAddress) throws(SocketError) -> Int32 {
    switch address {
    case .loopback(let port, let isIPv6):
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      let number = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
      guard number >= 0 else { throw SocketError(what: "make a TCP socket", code: errno) }
      var yes: Int32 = 1
      setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      if isIPv6 {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        name.sin6_addr = in6addr_loopback
        return try bind(number, &name, "[::1]:\(port)")
      }
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
      // Executors of every user may connect, as in `DOMAIN_SOCKET_DEFAULT_MODE` of Mesos'
      // src/common/domain_sockets.hpp.
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
    guard bound == 0, Glibc.listen(number, 1024) == 0 else {
      let code = errno
      close(number)
      throw SocketError(what: "listen on \(what)", code: code)
    }
    return number
  }

  /// The port to which a TCP socket is bound. 0 for another socket.
  package static func port(of number: Int32) -> UInt16 {
    var name = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let requested = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &size) }
    }
    // The port has the same offset in both address families.
    let families = [sa_family_t(AF_INET), sa_family_t(AF_INET6)]
    return requested == 0 && families.contains(name.sin6_family)
      ? UInt16(bigEndian: name.sin6_port) : 0
  }

  /// Waits for a connection. Nil if the socket was shut down.
  package static func accept(_ number: Int32) -> Int32? {
    while true {
      let peer = GNU.accept4(number, nil, nil, O_CLOEXEC)
      if peer >= 0 { return peer }
      if errno != EINTR && errno != ECONNABORTED { return nil }
    }
  }

  /// The bytes that have arrived, at most `count`. Waits for the first. Empty at the end of the
  /// stream or after an error.
  package static func read(_ number: Int32, atMost count: Int = 65536) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    while true {
      let got = recv(number, &buffer, count, 0)
      if got < 0, errno == EINTR { continue }
      return got > 0 ? Array(buffer[..<got]) : []
    }
  }

  /// Writes all bytes, however long it takes. False if the peer has closed the connection.
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

  /// Causes a reset of the connection when it is closed (tcp(7), SO_LINGER of zero). The peer gets
  /// an error.
  package static func reset(_ number: Int32) {
    var none = linger(l_onoff: 1, l_linger: 0)
    setsockopt(number, SOL_SOCKET, SO_LINGER, &none, socklen_t(MemoryLayout<linger>.size))
  }

  /// Shuts down both directions. The peer reads end-of-file.
  package static func end(_ number: Int32) { shutdown(number, Int32(SHUT_RDWR)) }

  /// Connects to a Unix domain socket. Nil if nobody listens.
  package static func connect(to path: String) -> Int32? {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { return nil }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) {
      $0.copyBytes(from: path.utf8.prefix($0.count - 1))
    }
    let connected = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if connected == 0 { return number }
    close(number)
    return nil
  }
}
