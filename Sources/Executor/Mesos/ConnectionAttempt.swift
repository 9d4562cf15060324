import Glibc

/// One attempt to connect to a port, like that of `mesos-tcp-connect`.
struct ConnectionAttempt: Sendable {
  /// An IPv4 or IPv6 address.
  let host: String
  let port: UInt16

  private var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  /// Connects and disconnects. It blocks the thread.
  ///
  /// - Parameter limit: the time limit.
  /// - Returns: why the connection failed; nil where it succeeded.
  func failure(within limit: Duration) -> String? {
    let descriptor = socket(
      isIPv6 ? AF_INET6 : AF_INET,
      Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    if connect(descriptor) == 0 { return nil }
    guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let milliseconds = Int32(clamping: limit.milliseconds)
    guard poll(&waiting, 1, milliseconds) > 0 else { return "no response" }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    return code == 0 ? nil : String(cString: strerror(code))
  }

  private func connect(_ descriptor: Int32) -> Int32 {
    if isIPv6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return Self.noAddress() }
      return connect(descriptor, to: &address)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return Self.noAddress() }
    return connect(descriptor, to: &address)
  }

  private static func noAddress() -> Int32 {
    errno = EINVAL
    return -1
  }

  private func connect<Address>(_ descriptor: Int32, to address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}

extension Duration {
  /// The number of whole milliseconds, at most `Int.max`.
  fileprivate var milliseconds: Int {
    let (seconds, attoseconds) = components
    let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1000)
    return isBeyond ? .max : Int(clamping: product + attoseconds / 1_000_000_000_000_000)
  }
}
