import Dispatch
import Glibc
import Synchronization
import SystemPackage
import Linux

/// Responds to short requests on a local socket, one line or HTTP head per connection. A slow
/// client costs only its own connection: each has two seconds, and eight are served at once.
final class LineServer: Restorable {
  private let response: @Sendable (String) async -> String
  private let startThread: ThreadStart
  private let requests: AsyncStream<Request>
  private let arrived: AsyncStream<Request>.Continuation
  private let open = Mutex(0)
  private let listener: Mutex<Listener>

  /// The listening socket. The thread that accepts from it closes the descriptor, so that no other
  /// file gets its number before the thread has exited.
  private struct Listener: Sendable {
    var descriptor: Int32
    /// Nil for a port.
    var location: BoundPath?
  }

  /// Starts a detached thread.
  typealias ThreadStart = @Sendable (_ body: @escaping @Sendable () -> Void) throws(Errno) -> Void

  /// A request. A thread waits until it has a response, or until it is released without one because
  /// the server has stopped.
  private final class Request: Sendable {
    let line: String
    let reply: Reply

    init(_ line: String, _ reply: Reply) { (self.line, self.reply) = (line, reply) }
    deinit { reply.isOver.signal() }
  }
  private final class Reply: Sendable {
    let text = Mutex<String?>(nil)
    let isOver = DispatchSemaphore(value: 0)
  }

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - address: the address. A socket file without a listener is replaced; the mode of the file
  ///     is 0600.
  ///   - startThread: starts the threads that wait for clients.
  ///   - response: returns the whole response to the first line of a request.
  /// - Throws: `Errno`
  init(
    _ address: ListenAddress, startThread: @escaping ThreadStart = LineServer.startThread,
    response: @escaping @Sendable (String) async -> String
  ) throws {
    self.response = response
    self.startThread = startThread
    (requests, arrived) = AsyncStream.makeStream(of: Request.self)
    let first: Listener
    switch address {
    case .unix(let path): first = try Self.listen(path: path)
    case .loopback(let port): first = Listener(descriptor: try Self.listen(port: port))
    }
    listener = Mutex(first)
    do throws(Errno) {
      try accept(from: first.descriptor)
    } catch {
      stop()
      close(first.descriptor)
      throw error
    }
  }

  /// Responds until the server is stopped or the task is canceled.
  func serve() async {
    await withDiscardingTaskGroup { group in
      for await request in requests {
        group.addTask { [response] in
          let text = await response(request.line)
          request.reply.text.withLock { $0 = text }
        }
      }
    }
  }

  /// Accepts connections in a blocking thread, which exits when the descriptor is shut down, and
  /// closes it.
  private func accept(from listening: Int32) throws(Errno) {
    try startThread { [weak self] in
      defer { close(listening) }
      while true {
        let client = Glibc.accept(listening, nil, nil)
        if client < 0 {
          let reason = errno
          if reason == EBADF || reason == EINVAL { return }  // it has stopped listening
          // Without a free descriptor a client can't even be rejected. One may be free soon.
          if reason != EINTR, reason != ECONNABORTED { usleep(200_000) }
          continue
        }
        guard let self, self.admit() else {
          close(client)
          continue
        }
        self.serve(client)
      }
    }
  }

  /// Stops listening and removes the socket file.
  func stop() {
    arrived.finish()
    listener.withLock {
      shutdown($0.descriptor, Int32(SHUT_RDWR))
      $0.location?.remove()
    }
  }

  /// Listens again if the socket file is gone.
  func restore() throws(RestoreFailure) -> [String] {
    guard let location = listener.withLock(\.location), !location.isInPlace else { return [] }
    let next: Listener
    do {
      next = try Self.listen(path: location.path)
    } catch {
      throw RestoreFailure(path: location.path, reason: error)
    }
    do {
      try accept(from: next.descriptor)
    } catch {
      next.location?.remove()
      close(next.descriptor)
      throw RestoreFailure(path: location.path, reason: error)
    }
    let old = listener.withLock { current in
      defer { current = next }
      return current
    }
    shutdown(old.descriptor, Int32(SHUT_RDWR))
    return [location.path]
  }

  private func admit() -> Bool {
    open.withLock { count in
      if count >= 8 { return false }
      count += 1
      return true
    }
  }

  /// Serves a client in a separate thread, which may block. If the thread can't be started, the
  /// client is disconnected.
  private func serve(_ client: Int32) {
    let end: @Sendable () -> Void = { [self] in
      close(client)
      open.withLock { $0 -= 1 }
    }
    do {
      try startThread { [arrived] in
        defer { end() }
        guard let line = Self.firstLine(client) else { return }
        let reply = Reply()
        arrived.yield(Request(line, reply))
        reply.isOver.wait()
        if let text = reply.text.withLock(\.self) { Self.write(client, Array(text.utf8)) }
      }
    } catch {
      end()
    }
  }

  private static func firstLine(_ client: Int32) -> String? {
    let deadline = ContinuousClock.now + .seconds(2)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1024)
    while !bytes.contains(0x0a), bytes.count < 8192 {
      guard isReady(client, POLLIN, until: deadline) else { return nil }
      let count = recv(client, &chunk, chunk.count, Int32(MSG_DONTWAIT))
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      if count <= 0 { return nil }
      bytes += chunk[..<count]
    }
    let line = bytes.prefix { $0 != 0x0a && $0 != 0x0d }
    return String(decoding: line, as: UTF8.self)
  }

  private static func write(_ client: Int32, _ bytes: [UInt8]) {
    let deadline = ContinuousClock.now + .seconds(2)
    var rest = bytes[...]
    while !rest.isEmpty {
      guard isReady(client, POLLOUT, until: deadline) else { return }
      let count = rest.withUnsafeBytes {
        send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The deadline is for the whole request or response, not for each byte.
  private static func isReady(
    _ client: Int32, _ event: Int32, until deadline: ContinuousClock.Instant
  ) -> Bool {
    let left = deadline - .now
    guard left > .zero else { return false }
    var descriptor = pollfd(fd: client, events: Int16(event), revents: 0)
    return poll(&descriptor, 1, Int32((left.inSeconds * 1000).rounded(.up))) > 0 || errno == EINTR
  }

  private static func listen(path: String) throws(Errno) -> Listener {
    let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    do throws(Errno) {
      let location = try BoundPath(file, to: path, mode: 0o600)
      guard Glibc.listen(file, 16) == 0 else { throw Errno(rawValue: errno) }
      return Listener(descriptor: file, location: location)
    } catch {
      close(file)
      throw error
    }
  }

  private static func listen(port: UInt16) throws -> Int32 {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    var yes: Int32 = 1
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0, Glibc.listen(file, 16) == 0 else {
      let reason = Errno(rawValue: errno)
      close(file)
      throw reason
    }
    return file
  }

  /// Starts a detached thread with a small stack.
  static func startThread(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    var id = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 256 << 10)
    let box = Unmanaged.passRetained(Body(body))
    let code = pthread_create(
      &id, &attributes,
      { raw in
        if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    if code != 0 {
      box.release()
      throw Errno(rawValue: code)
    }
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// A client of a `LineServer`.
enum LineClient {
  /// Sends a line and reads the whole response.
  ///
  /// - Returns: nil if no process listens, the response doesn't begin within five seconds, or it
  ///   isn't complete within ten.
  static func request(_ path: String, _ line: String) -> String? {
    guard let file = UnixSocket.connect(path) else { return nil }
    defer { close(file) }
    UnixSocket.limit(file, SO_RCVTIMEO, to: .seconds(5))
    let bytes = Array((line + "\n").utf8)
    guard send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      return nil
    }
    var response: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let count = read(file, &chunk, chunk.count)
      if count < 0 || .now > deadline { return nil }
      if count == 0 { break }
      response += chunk[..<count]
    }
    return response.isEmpty ? nil : String(decoding: response, as: UTF8.self)
  }
}
