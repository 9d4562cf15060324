import CLinux
import Glibc

/// Unix domain sockets by path (unix(7)).
public enum UnixSocket {
  /// Connects to a stream socket.
  ///
  /// - Parameters:
  ///   - path: the socket's path.
  ///   - waits: whether to wait for a listener that is busy, five seconds at most; the descriptor then blocks as well.
  /// - Returns: a descriptor that is closed on exec; nil with `errno` where nobody listens, EAGAIN where the listener
  ///   accepts nothing.
  public static func connect(_ path: String, waits: Bool = true) -> Int32? {
    var kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
    if !waits { kind |= SOCK_NONBLOCK.rawValue }
    let file = socket(AF_UNIX, Int32(kind), 0)
    guard file >= 0 else { return nil }
    // A queue of connections that is full would hold it up for good (unix(7), connect).
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

  /// The process that made a listening socket (unix(7), SO_PEERCRED).
  ///
  /// - Parameter path: the socket's path.
  /// - Returns: its ID, 0 for a process in no pid namespace that this one sees; nil where nobody listens, or accepts
  ///   connections for five seconds.
  package static func listener(_ path: String) -> Int32? {
    guard let file = connect(path) else { return nil }
    defer { close(file) }
    var pid: pid_t = 0
    var user: uid_t = 0
    return linux_peer(file, &pid, &user) == 0 ? max(pid, 0) : 0
  }

  /// Sends one datagram from a socket of its own.
  ///
  /// - Parameters:
  ///   - bytes: what to send.
  ///   - path: to whom.
  ///   - limit: how long a receiver that is busy is waited for; zero for not at all.
  /// - Returns: whether it was taken as a whole.
  public static func send(_ bytes: [UInt8], to path: String, within limit: Duration) -> Bool {
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

  /// Bounds how long sending or receiving may wait (socket(7)).
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - option: `SO_SNDTIMEO` or `SO_RCVTIMEO`.
  ///   - limit: whole seconds; zero for no bound.
  public static func limit(_ file: Int32, _ option: Int32, to limit: Duration) {
    var time = timeval()
    time.tv_sec = Int(limit.components.seconds)
    setsockopt(file, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Binds a socket to a path; a socket file that nobody listens on is replaced, anything else is not.
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - path: where.
  ///   - mode: who may connect.
  /// - Returns: 0, or an errno: EADDRINUSE where something else is there.
  public static func bind(_ file: Int32, to path: String, mode: mode_t) -> Int32 {
    if isAbandoned(path) { unlink(path) }
    // The file gets the socket's own mode, less the umask, which is the whole process's and stays as it is: it is never
    // open to more than it should be.
    guard fchmod(file, mode) == 0, withAddress(path, { Glibc.bind(file, $0, $1) }) == 0,
      chmod(path, mode) == 0
    else { return errno }
    return 0
  }

  /// Whether there is a socket file that nobody listens on, and nobody will. A connection that is refused
  /// to either kind of socket proves it: one that is busy, doesn't listen yet, or is of another kind gives another error.
  ///
  /// - Parameter path: the socket's path.
  /// - Returns: false as well where there is no such socket file.
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

  /// A path's address; a path that is too long gives -1 and ENAMETOOLONG.
  ///
  /// - Parameters:
  ///   - path: the path; one that begins with `@` is an abstract name.
  ///   - body: a system call that takes an address.
  /// - Returns: what the call gives.
  public static func withAddress(
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
    // An abstract name is as long as it says, a path ends with a zero byte.
    let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
  }
}
