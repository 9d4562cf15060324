import CLinux
import Glibc

/// Unix domain sockets by path (unix(7)).
package enum UnixSocket {
  /// Connects to a stream socket.
  ///
  /// - Parameters:
  ///   - path: the socket's path.
  ///   - waits: whether to wait up to five seconds for a busy listener; the descriptor is then in
  ///     blocking mode too.
  /// - Returns: a close-on-exec descriptor; nil and `errno` if no process listens, EAGAIN if the
  ///   listener accepts no connection.
  package static func connect(_ path: String, waits: Bool = true) -> Int32? {
    var kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
    if !waits { kind |= SOCK_NONBLOCK.rawValue }
    let file = socket(AF_UNIX, Int32(kind), 0)
    guard file >= 0 else { return nil }
    // A full connection queue would block the call forever (unix(7), connect).
    if waits { limit(file, SO_SNDTIMEO, to: .seconds(5)) }
    if withAddress(path, { Glibc.connect(file, $0, $1) }) == 0 {
      if waits { limit(file, SO_SNDTIMEO, to: .zero) }
      return file
    }
    let reason = errno
    close(file)
    errno = reason
    return nil
  }

  /// The process that created a listening socket (unix(7), SO_PEERCRED).
  ///
  /// - Parameter path: the socket's path.
  /// - Returns: the process ID, or 0 if it is not in a PID namespace visible to this process; nil
  ///   if no process listens or accepts connections within five seconds.
  package static func listener(_ path: String) -> Int32? {
    guard let file = connect(path) else { return nil }
    defer { close(file) }
    var pid: pid_t = 0
    var user: uid_t = 0
    return linux_peer(file, &pid, &user) == 0 ? max(pid, 0) : 0
  }

  /// Sends one datagram from a new socket.
  ///
  /// - Parameters:
  ///   - bytes: the datagram.
  ///   - path: the receiver's socket.
  ///   - limit: how long to wait for a busy receiver; zero to not wait.
  /// - Returns: whether the whole datagram was accepted.
  package static func send(_ bytes: [UInt8], to path: String, within limit: Duration) -> Bool {
    let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { return false }
    defer { close(file) }
    var flags = Int32(MSG_NOSIGNAL)
    if limit == .zero { flags |= Int32(MSG_DONTWAIT) }
    self.limit(file, SO_SNDTIMEO, to: limit)
    let sent = withAddress(path) { address, length in
      Int32(sendto(file, bytes, bytes.count, flags, address, length))
    }
    return sent == Int32(bytes.count)
  }

  /// Limits how long sending or receiving may block (socket(7)).
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - option: `SO_SNDTIMEO` or `SO_RCVTIMEO`.
  ///   - limit: the limit in whole seconds; zero for no limit.
  package static func limit(_ file: Int32, _ option: Int32, to limit: Duration) {
    var time = timeval()
    time.tv_sec = Int(limit.components.seconds)
    setsockopt(file, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Binds a socket to a path. A socket file without a listener is replaced; any other file is not.
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - path: the path.
  ///   - mode: the permissions of the socket file.
  /// - Returns: 0, or an errno: EADDRINUSE if another file is at the path.
  package static func bind(_ file: Int32, to path: String, mode: mode_t) -> Int32 {
    if isAbandoned(path) { unlink(path) }
    // The socket file gets the mode of the socket less the umask. The umask is process-wide and
    // isn't changed, so the file is never accessible to more users than intended.
    guard fchmod(file, mode) == 0, withAddress(path, { Glibc.bind(file, $0, $1) }) == 0,
      chmod(path, mode) == 0
    else { return errno }
    return 0
  }

  /// Whether a path is a socket file that has no listener and will have none. The proof is a
  /// refused connection for both socket types: a socket that is busy, not yet listening, or of
  /// another type gives another error.
  ///
  /// - Parameter path: the socket's path.
  /// - Returns: false also if there is no such socket file.
  package static func isAbandoned(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
    return [SOCK_STREAM, SOCK_DGRAM].allSatisfy { kind in
      let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
      let probe = socket(AF_UNIX, Int32(kind.rawValue | flags), 0)
      guard probe >= 0 else { return false }
      defer { close(probe) }
      return withAddress(path) { Glibc.connect(probe, $0, $1) } != 0 && errno == ECONNREFUSED
    }
  }

  /// Calls a system call with the address of a path. A path that is too long gives -1 and
  /// ENAMETOOLONG.
  ///
  /// - Parameters:
  ///   - path: the path; one that begins with `@` is an abstract name.
  ///   - body: the system call.
  /// - Returns: the result of the call.
  package static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      errno = ENAMETOOLONG
      return -1
    }
    let isAbstract = bytes[0] == UInt8(ascii: "@")
    if isAbstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    // The length of an abstract name is exact; a path has a terminating zero byte.
    let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
  }
}
