import Glibc
import Synchronization

/// A server on a Unix socket for the faults that a real engine can't be asked for.
final class FakeServer: Sendable {
  /// A request as the server saw it.
  struct Request: Sendable {
    let method: String
    let target: String
    let head: String
    let body: [UInt8]
  }

  /// What happens after a request.
  enum Reply: Sendable {
    /// These bytes; the connection stays.
    case text(String)
    /// These bytes, then the connection is closed.
    case textThenClose(String)
    /// These bytes, then nothing more ever.
    case textThenStall(String)
    /// A head, then this many bytes (0, 1, 2 … 255, 0 …) and the end.
    case flood(Int)
  }

  private struct State {
    var connections: [Int32] = []
    var accepted = 0
    var ended = 0
    var requests: [Request] = []
    var sent = 0
  }

  let path: String
  private let listener: Int32
  private let reply: @Sendable (Request) -> Reply
  private let state = Mutex(State())

  init(_ reply: @escaping @Sendable (Request) -> Reply) throws {
    self.reply = reply
    path = "/tmp/fake-engine-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 }
    }
    guard isBound, listen(listener, 1024) == 0 else { throw FakeServerFault(code: errno) }
    thread { server in
      while true {
        let connection = accept(server.listener, nil, nil)
        guard connection >= 0 else { return }
        server.state.withLock {
          $0.connections.append(connection)
          $0.accepted += 1
        }
        server.thread { $0.serve(connection) }
      }
    }
  }

  /// Connections that were made.
  var accepted: Int { state.withLock { $0.accepted } }
  /// Connections that the client has closed.
  var ended: Int { state.withLock { $0.ended } }
  /// All requests so far.
  var requests: [Request] { state.withLock { $0.requests } }
  /// Bytes of flood that went into the socket.
  var sent: Int { state.withLock { $0.sent } }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    unlink(path)
    for connection in state.withLock({ $0.connections }) { shutdown(connection, Int32(SHUT_RDWR)) }
  }

  private func serve(_ connection: Int32) {
    defer { state.withLock { $0.ended += 1 } }
    while let request = read(connection) {
      state.withLock { $0.requests.append(request) }
      switch reply(request) {
      case .text(let text): guard write(connection, Array(text.utf8)) else { return }
      case .textThenClose(let text):
        _ = write(connection, Array(text.utf8))
        shutdown(connection, Int32(SHUT_RDWR))
        return
      case .textThenStall(let text): guard write(connection, Array(text.utf8)) else { return }
      case .flood(let size):
        guard write(connection, Array("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n".utf8))
        else { return }
        let block = (0..<65536).map { UInt8(truncatingIfNeeded: $0) }
        var left = size
        while left > 0 {
          let count = min(left, block.count)
          guard write(connection, Array(block.prefix(count))) else { return }
          left -= count
          state.withLock { $0.sent += count }
        }
      }
    }
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      if let request = Self.request(in: bytes) { return request }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  private static func request(in bytes: [UInt8]) -> Request? {
    let mark = Array("\r\n\r\n".utf8)
    guard let end = bytes.firstRange(of: mark) else { return nil }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    var length = 0
    for line in head.split(separator: "\r\n") where line.hasPrefix("Content-Length: ") {
      length = Int(line.dropFirst(16)) ?? 0
    }
    let body = bytes[end.upperBound...]
    guard body.count >= length else { return nil }
    let words = head.split(separator: " ")
    return Request(
      method: String(words[0]), target: String(words[1]), head: head,
      body: Array(body.prefix(length)))
  }

  private func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(
          connection, $0.baseAddress.map { $0 + done }, bytes.count - done,
          Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  private func thread(_ body: @escaping @Sendable (FakeServer) -> Void) {
    final class Box { let run: () -> Void; init(_ run: @escaping () -> Void) { self.run = run } }
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

struct FakeServerFault: Error {
  let code: Int32
}

/// An answer with a body of known length.
func answer(_ status: Int, _ body: String = "", headers: String = "") -> FakeServer.Reply {
  .text("HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
}

/// Waits until a condition holds; false after half a minute.
func eventually(_ condition: () async -> Bool) async -> Bool {
  for _ in 0..<3000 {
    if await condition() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}
