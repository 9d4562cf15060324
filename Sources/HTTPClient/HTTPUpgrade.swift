import CCurl
import Glibc

/// A connection that a request has turned into a bidirectional byte stream: `Upgrade` of HTTP/1.1
/// (RFC 9110, 7.8).
///
/// Only `open` and `rest` block. Otherwise the owner polls `descriptor`. Only one thread at a time
/// may use it.
package final class HTTPUpgrade {
  /// The result of a receive.
  package enum Received: Equatable {
    /// The number of bytes received.
    case bytes(Int)
    /// No data now: wait until the descriptor is readable.
    case later
    /// The server has closed its side.
    case end
  }

  /// Status and header fields of the response.
  package let head: HTTPHead
  private let wire: Wire
  /// The bytes that arrived together with the head.
  private var early: ArraySlice<UInt8>

  /// The socket, only for poll(2).
  package var descriptor: Int32 { wire.socket }

  /// Connects, sends a request and receives the head of its response, on the calling thread.
  ///
  /// - Parameters:
  ///   - request: The request. Its `timeout` limits the time until the end of the head.
  ///   - name: The protocol to switch to.
  /// - Returns: The connection. If the status is neither 101 nor 200, it carries the rest of the
  ///   response.
  /// - Throws: `HTTPError`.
  package static func open(
    _ request: HTTPRequest, to name: String = "tcp"
  ) throws -> HTTPUpgrade {
    let deadline = request.timeout.map { ContinuousClock.now + $0 }
    let wire = try Wire(request)
    var rest = Self.bytes(of: request, to: name)[...]
    while !rest.isEmpty {
      let count = try rest.withUnsafeBytes { try wire.send($0) }
      rest = rest.dropFirst(count)
      if count == 0 { try wire.wait(POLLOUT, until: deadline) }
    }
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      if let (head, size) = Self.head(in: received) {
        return HTTPUpgrade(head, wire, received[size...])
      }
      guard received.count <= 64 << 10 else {
        throw wire.exchange.error(.malformed, "the head of the response is too long")
      }
      switch try chunk.withUnsafeMutableBytes({ try wire.receive($0) }) {
      case .bytes(let count): received += chunk[..<count]
      case .later: try wire.wait(POLLIN, until: deadline)
      case .end:
        throw wire.exchange.error(
          .connectionLost, "\(request.endpoint) closed the connection before its response began")
      }
    }
  }

  private init(_ head: HTTPHead, _ wire: Wire, _ early: ArraySlice<UInt8>) {
    (self.head, self.wire, self.early) = (head, wire, early)
  }

  /// Receives without blocking.
  ///
  /// - Parameter bytes: The buffer, which must not be empty.
  /// - Returns: The result.
  /// - Throws: `HTTPError` if the connection breaks.
  package func receive(_ bytes: UnsafeMutableRawBufferPointer) throws(HTTPError) -> Received {
    guard early.isEmpty else {
      let count = min(early.count, bytes.count)
      bytes.copyBytes(from: early.prefix(count))
      early = early.dropFirst(count)
      return .bytes(count)
    }
    return try wire.receive(bytes)
  }

  /// Sends without blocking.
  ///
  /// - Parameter bytes: The bytes to send.
  /// - Returns: The number of bytes sent. 0 if the owner must wait until the descriptor is
  ///   writable.
  /// - Throws: `HTTPError` if the connection breaks, or the server doesn't read any more.
  package func send(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Int {
    try wire.send(bytes)
  }

  /// Closes the sending side of the connection. The server reads end-of-file and can continue to
  /// send. This closes the socket's side also under TLS.
  package func finish() { shutdown(wire.socket, Int32(SHUT_WR)) }

  /// Reads the rest of a response that is no upgrade, as far as it arrives in time.
  ///
  /// - Parameters:
  ///   - limit: The maximum number of bytes.
  ///   - time: The time limit.
  /// - Returns: The bytes. A chunked body still has its chunk sizes.
  package func rest(upTo limit: Int, within time: Duration) -> [UInt8] {
    let deadline = ContinuousClock.now + time
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    let size = head.header("Content-Length").flatMap { Int($0) } ?? limit
    while all.count < min(size, limit) {
      guard
        let received = try? chunk.withUnsafeMutableBytes({ try receive($0) })
      else { break }
      if case .bytes(let count) = received {
        all += chunk[..<count]
      } else if received == .end || (try? wire.wait(POLLIN, until: deadline)) == nil {
        break
      }
    }
    return Array(all.prefix(limit))
  }

  private static func bytes(of request: HTTPRequest, to name: String) -> [UInt8] {
    let body = request.body ?? []
    let origin = request.endpoint.origin
    var text = "\(request.method) \(request.url.dropFirst(origin.count)) HTTP/1.1\r\n"
    text += "Host: \(origin.drop { $0 != "/" }.dropFirst(2))\r\n"
    text += "Connection: Upgrade\r\nUpgrade: \(name)\r\nContent-Length: \(body.count)\r\n"
    for (name, value) in request.headers { text += "\(name): \(value)\r\n" }
    return Array((text + "\r\n").utf8) + body
  }

  /// The head at the beginning of `bytes` and its size. Nil while the head isn't complete.
  private static func head(in bytes: [UInt8]) -> (HTTPHead, Int)? {
    var parser = HeadParser()
    var start = 0
    var status: Int?
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[start...end]
      start = end + 1
      if status == nil {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        status = words.count > 1 ? Int(words[1].prefix { $0.isNumber }) : nil
      }
      // Here, 101 is a final response and not an interim one.
      let code = status == 101 ? 200 : status ?? 0
      guard let head = line.withUnsafeBytes({ parser.take($0, status: code) }) else { continue }
      return (HTTPHead(status: status ?? 0, headers: head.headers), start)
    }
    return nil
  }
}

/// A connection of curl whose bytes its owner sends and receives (CURLOPT_CONNECT_ONLY).
private final class Wire {
  let exchange: Exchange
  let socket: Int32
  private let easy: UnsafeMutableRawPointer

  /// Connects, with TLS if the endpoint has it, and through the proxy that the environment names.
  init(_ request: HTTPRequest) throws(HTTPError) {
    var plain = request
    (plain.method, plain.body, plain.headers) = ("GET", nil, [])
    // curl would close a connection that must not be reused at once.
    plain.opensConnection = false
    exchange = Exchange(request: plain, mode: .whole, client: HTTPClient())
    guard let easy = curl_easy_init() else {
      throw exchange.error(.invalidRequest, "curl has no memory")
    }
    var isOpen = false
    defer { if !isOpen { curl_easy_cleanup(easy) } }
    let headers = try EasyOptions(easy: easy, exchange: exchange).apply()
    defer { curl_slist_free_all(headers) }
    ccurl_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
    ccurl_set_long(easy, CURLOPT_HTTPPROXYTUNNEL, 1)
    let detail = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    defer { detail.deallocate() }
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, detail)
    let code = curl_easy_perform(easy)
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, nil)
    socket = ccurl_get_socket(easy)
    guard code == CURLE_OK, socket >= 0 else {
      throw exchange.failure(
        code == CURLE_OK ? CURLE_COULDNT_CONNECT : code, easy, detail: String(cString: detail))
    }
    self.easy = easy
    isOpen = true
  }

  deinit { curl_easy_cleanup(easy) }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer
  ) throws(HTTPError) -> HTTPUpgrade.Received {
    var count = 0
    let code = curl_easy_recv(easy, bytes.baseAddress, bytes.count, &count)
    if code == CURLE_AGAIN { return .later }
    guard code == CURLE_OK else { throw exchange.failure(code, easy, detail: "") }
    return count == 0 ? .end : .bytes(count)
  }

  func send(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Int {
    var count = 0
    let code = curl_easy_send(easy, bytes.baseAddress, bytes.count, &count)
    if code == CURLE_AGAIN { return 0 }
    guard code == CURLE_OK else { throw exchange.failure(code, easy, detail: "") }
    return count
  }

  func wait(_ events: Int32, until deadline: ContinuousClock.Instant?) throws(HTTPError) {
    var left = Int32(-1)
    if let deadline { left = Int32(clamping: (deadline - .now).milliseconds) }
    var poll = pollfd(fd: socket, events: Int16(events), revents: 0)
    guard deadline == nil || left > 0, Glibc.poll(&poll, 1, left) != 0 else {
      throw exchange.error(.timedOut, "no response from \(exchange.request.endpoint) in time")
    }
  }
}
