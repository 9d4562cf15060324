/// A request as it came.
struct HTTPRequest: Sendable {
  /// The verb, in capitals.
  let method: String
  /// The path, without a query.
  let path: String
  /// Header fields by their names in small letters; of two equal ones the last.
  let headers: [String: String]
  /// The whole body.
  let body: [UInt8]
  /// Whether it came over the unix domain socket.
  let isOverDomainSocket: Bool
}

/// What a request is answered with.
public struct HTTPAnswer: Sendable {
  /// The status code.
  public var status: Int
  /// Header fields beyond the length.
  public var headers: [String: String] = [:]
  /// The body, as text.
  public var body = ""
  /// A stream instead of a body: the connection is its own from now on.
  var stream: EventStream?

  /// An answer with a status and a text.
  public init(_ status: Int, _ body: String = "", headers: [String: String] = [:]) {
    self.status = status
    self.body = body
    self.headers = headers
  }

  /// An answer that is a stream.
  init(stream: EventStream, contentType: String) {
    status = 200
    headers = ["Content-Type": contentType]
    self.stream = stream
  }

  private var reason: String {
    switch status {
    case 200: "OK"
    case 202: "Accepted"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 415: "Unsupported Media Type"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    default: "Unknown"
    }
  }

  /// Status line, header and body as bytes.
  var bytes: [UInt8] {
    var text = "HTTP/1.1 \(status) \(reason)\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    text +=
      stream == nil ? "Content-Length: \(body.utf8.count)\r\n" : "Transfer-Encoding: chunked\r\n"
    return Array("\(text)\r\n\(body)".utf8)
  }
}

/// Cuts a connection's bytes into requests.
struct HTTPRequestReader {
  /// A request that libprocess' parser would not take.
  struct Malformed: Error { let what: String }

  let isOverDomainSocket: Bool
  private var buffer: [UInt8] = []

  init(isOverDomainSocket: Bool) { self.isOverDomainSocket = isOverDomainSocket }

  /// The next whole request; nil at the end of the connection. `read` gives what has arrived, nothing at
  /// the end.
  mutating func next(_ read: () -> [UInt8]) throws(Malformed) -> HTTPRequest? {
    guard let head = line(endingIn: "\r\n\r\n", read) else { return nil }
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
    let words = lines.popFirst()?.split(separator: " ") ?? []
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { throw Malformed(what: head) }
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { throw Malformed(what: String(line)) }
      let value = line[line.index(after: colon)...]
      headers[line[..<colon].lowercased()] = String(value.drop(while: { $0 == " " }))
    }
    let body: [UInt8]?
    if headers["transfer-encoding"]?.lowercased() == "chunked" {
      body = try chunks(read)
    } else {
      body = take(Int(headers["content-length"] ?? "0") ?? 0, read)
    }
    guard let body else { return nil }
    let path = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
    return HTTPRequest(
      method: String(words[0]), path: String(path), headers: headers, body: body,
      isOverDomainSocket: isOverDomainSocket)
  }

  private mutating func chunks(_ read: () -> [UInt8]) throws(Malformed) -> [UInt8]? {
    var body: [UInt8] = []
    while true {
      guard let size = line(endingIn: "\r\n", read) else { return nil }
      guard let count = Int(size, radix: 16) else { throw Malformed(what: "chunk of size \(size)") }
      guard let chunk = take(count, read), line(endingIn: "\r\n", read) != nil else { return nil }
      if count == 0 { return body }
      body += chunk
    }
  }

  private mutating func take(_ count: Int, _ read: () -> [UInt8]) -> [UInt8]? {
    while buffer.count < count {
      let more = read()
      if more.isEmpty { return nil }
      buffer += more
    }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private mutating func line(endingIn end: String, _ read: () -> [UInt8]) -> String? {
    let end = Array(end.utf8)
    while true {
      if let range = buffer.firstRange(of: end) {
        defer { buffer.removeFirst(range.upperBound) }
        return String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
      }
      let more = read()
      if more.isEmpty { return nil }
      buffer += more
    }
  }
}
