/// A request that a test's server received.
package struct ServerRequest: Sendable {
  /// The method, in capitals.
  package let method: String
  /// The path with its query.
  package let target: String
  /// The request line and the header fields.
  package let head: String
  /// The header fields, by name in lower case. If a name occurs twice, the last value.
  package let headers: [String: String]
  /// Whether the request came over a Unix domain socket.
  package let isOverDomainSocket: Bool
  /// The complete body.
  package let body: [UInt8]

  /// The path, without a query.
  package var path: String {
    String(target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0])
  }
  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Splits the bytes of a connection into requests.
struct RequestReader {
  /// A request that the parser of libprocess would reject.
  struct Malformed: Error {}

  private let connection: ServerConnection
  private var buffer: [UInt8] = []

  init(_ connection: ServerConnection) { self.connection = connection }

  /// The next complete request. Nil at the end of the connection.
  mutating func next() throws(Malformed) -> ServerRequest? {
    while buffer.isEmpty { if !fill() { return nil } }
    // A client that begins with TLS sends no request line.
    guard buffer[0] < 0x80, buffer[0] >= 0x20 else { throw Malformed() }
    guard let head = line(endingIn: "\r\n\r\n") else { return nil }
    var lines = head.split(separator: "\r\n")[...]
    let words = lines.popFirst()?.split(separator: " ") ?? []
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { throw Malformed() }
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
      let value = line[line.index(after: colon)...]
      headers[line[..<colon].lowercased()] = String(value.drop { $0 == " " })
    }
    let isChunked = headers["transfer-encoding"]?.lowercased() == "chunked"
    let length = Int(headers["content-length"] ?? "0") ?? 0
    guard let body = isChunked ? try chunks() : take(length) else { return nil }
    return ServerRequest(
      method: String(words[0]), target: String(words[1]), head: head, headers: headers,
      isOverDomainSocket: connection.isUnix, body: body)
  }

  private mutating func chunks() throws(Malformed) -> [UInt8]? {
    var body: [UInt8] = []
    while true {
      guard let size = line(endingIn: "\r\n") else { return nil }
      guard let count = Int(size, radix: 16) else { throw Malformed() }
      guard let chunk = take(count), line(endingIn: "\r\n") != nil else { return nil }
      if count == 0 { return body }
      body += chunk
    }
  }

  private mutating func take(_ count: Int) -> [UInt8]? {
    while buffer.count < count { if !fill() { return nil } }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private mutating func line(endingIn end: String) -> String? {
    let end = Array(end.utf8)
    while true {
      if let range = buffer.firstRange(of: end) {
        defer { buffer.removeFirst(range.upperBound) }
        return String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
      }
      if !fill() { return nil }
    }
  }

  private mutating func fill() -> Bool {
    let more = connection.read()
    buffer += more
    return !more.isEmpty
  }
}
