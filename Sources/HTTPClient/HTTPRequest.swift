/// One HTTP/1.1 request.
package struct HTTPRequest: Sendable {
  /// The server.
  package var endpoint: HTTPEndpoint
  /// The method, such as `GET`, `POST` or `DELETE`.
  package var method: String
  /// The path, percent-encoded. It begins with `/`.
  package var path: String
  /// The query items, in order. Names and values are percent-encoded when sent.
  package var query: [(name: String, value: String)]
  /// The header fields to send. `Content-Type` is sent only if it is among them.
  package var headers: [(name: String, value: String)]
  /// The body. Nil sends none, except that `POST` and `PUT` send one of length 0.
  package var body: [UInt8]?
  /// The time limit for connecting.
  package var connectTimeout: Duration
  /// The time limit from the request to the end of the response. For a stream with a 2xx status: to
  /// the end of the head. Nil is no limit.
  package var timeout: Duration?
  /// The time limit of a stream from the head of its response to the end of its body. Nil is no
  /// limit.
  package var bodyTimeout: Duration?
  /// Whether the request opens its own connection, which is closed afterwards.
  package var opensConnection = false
  /// The largest body that `HTTPClient.send` accepts, in bytes. Default: 64 MiB.
  package var maximumBodySize: Int

  /// Creates a request. By default it may take 60 s, 10 s of them to connect.
  package init(
    endpoint: HTTPEndpoint, method: String = "GET", path: String,
    query: [(name: String, value: String)] = [], headers: [(name: String, value: String)] = [],
    body: [UInt8]? = nil, connectTimeout: Duration = .seconds(10),
    timeout: Duration? = .seconds(60), bodyTimeout: Duration? = nil,
    maximumBodySize: Int = 64 << 20
  ) {
    self.endpoint = endpoint
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.connectTimeout = connectTimeout
    self.timeout = timeout
    self.bodyTimeout = bodyTimeout
    self.maximumBodySize = maximumBodySize
  }

  /// The complete URL, with the encoded query.
  var url: String {
    guard !query.isEmpty else { return endpoint.origin + path }
    let items = query.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }
    return endpoint.origin + path + "?" + items.joined(separator: "&")
  }
}

/// Percent-encodes every byte of `text` except RFC 3986's unreserved characters and those in
/// `keeping`.
package func percentEncoded(_ text: String, keeping: String = "") -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var out: [UInt8] = []
  out.reserveCapacity(text.utf8.count)
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      out.append(byte)
    case _ where keeping.utf8.contains(byte):
      out.append(byte)
    default:
      out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: out, as: UTF8.self)
}
