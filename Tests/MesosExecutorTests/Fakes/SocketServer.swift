import Glibc
import Synchronization

/// A connection that a test's server has accepted.
final class Connection: Sendable {
  private let descriptor: Int32
  private let isClosed = Mutex(false)

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Writes all of it, or gives false.
  @discardableResult
  func write(_ bytes: some Collection<UInt8>) -> Bool {
    let bytes = Array(bytes)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Ends the connection for both sides.
  func end() {
    isClosed.withLock { if !$0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }

  /// The next bytes; nil at the end.
  func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }

  func release() {
    isClosed.withLock {
      $0 = true
      close(descriptor)
    }
  }
}

/// A request as it came.
struct ServerRequest: Sendable {
  let method: String
  let path: String
  /// Header fields, names in lower case.
  let headers: [String: String]
  let body: [UInt8]
}

/// HTTP/1.1 on a Unix socket or a TCP port, a thread for each connection; can be stopped and started again.
final class SocketServer: Sendable {
  enum Address: Sendable {
    case unix(String)
    /// Port 0 is any free one.
    case tcp(UInt16)
  }

  private struct State {
    var listener: Int32 = -1
    var connections: [ObjectIdentifier: Connection] = [:]
    var port: UInt16 = 0
  }

  private let address: Address
  private let state = Mutex(State())
  private let handler = Mutex<(@Sendable (ServerRequest, Connection) -> Bool)?>(nil)

  init(_ address: Address) {
    self.address = address
  }

  /// The TCP port.
  var port: UInt16 { state.withLock { $0.port } }

  /// What is done with a request; false ends its connection.
  func handle(_ handler: @escaping @Sendable (ServerRequest, Connection) -> Bool) {
    self.handler.withLock { $0 = handler }
  }

  func start() throws {
    let listener: Int32
    switch address {
    case .unix(let path):
      unlink(path)
      listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
      try Self.bindAndListen(listener, &name)
    case .tcp(let wanted):
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var on: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = max(wanted, port).bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      try Self.bindAndListen(listener, &name)
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &name) { pointer in
        _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          getsockname(listener, $0, &size)
        }
      }
      state.withLock { $0.port = UInt16(bigEndian: name.sin_port) }
    }
    state.withLock { $0.listener = listener }
    inThread { $0.acceptAll(listener) }
  }

  /// Closes the listener and all connections, as the death of a process does.
  func stop() {
    let (listener, connections) = state.withLock { state in
      defer { state.listener = -1 }
      return (state.listener, state.connections.values)
    }
    if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
    if case .unix(let path) = address { unlink(path) }
    for connection in connections { connection.end() }
  }

  private static func bindAndListen<Name>(_ listener: Int32, _ name: inout Name) throws {
    let size = socklen_t(MemoryLayout<Name>.size)
    let isBound = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 }
    }
    guard isBound, listen(listener, 128) == 0 else { throw ServerFault(code: errno) }
  }

  private func acceptAll(_ listener: Int32) {
    defer { close(listener) }
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { return }
      let connection = Connection(descriptor)
      let isRunning = state.withLock { state in
        state.connections[ObjectIdentifier(connection)] = connection
        return state.listener == listener
      }
      if !isRunning { connection.end() }
      inThread { $0.serve(connection) }
    }
  }

  private func serve(_ connection: Connection) {
    defer {
      state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
      connection.release()
    }
    var bytes: [UInt8] = []
    while true {
      if let (request, length) = Self.request(in: bytes) {
        bytes.removeFirst(length)
        guard let handler = handler.withLock({ $0 }), handler(request, connection) else {
          connection.end()
          return
        }
      } else if let more = connection.read() {
        bytes += more
      } else {
        return
      }
    }
  }

  private static func request(in bytes: [UInt8]) -> (ServerRequest, Int)? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count > 1 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(
        line[line.index(after: colon)...].drop { $0 == " " })
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    guard bytes.count >= end.upperBound + length else { return nil }
    let request = ServerRequest(
      method: String(words[0]), path: String(words[1]), headers: headers,
      body: Array(bytes[end.upperBound..<end.upperBound + length]))
    return (request, end.upperBound + length)
  }

  private func inThread(_ body: @escaping @Sendable (SocketServer) -> Void) {
    final class Box {
      let run: () -> Void
      init(_ run: @escaping () -> Void) { self.run = run }
    }
    var id = pthread_t()
    let box = Unmanaged.passRetained(Box { body(self) })
    pthread_create(
      &id, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    pthread_detach(id)
  }
}

struct ServerFault: Error {
  let code: Int32
}
