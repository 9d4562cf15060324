/// One HTTP/1.1 request.
public struct HTTPRequest: Sendable {
  /// Where it goes.
  public var endpoint: HTTPEndpoint
  /// `GET`, `POST`, `DELETE`, …
  public var method: String
  /// The path, percent-encoded, beginning with `/`.
  public var path: String
  /// Query items in order; names and values are percent-encoded when sent.
  public var query: [(name: String, value: String)]
  /// Header fields to send. `Content-Type` is sent only if it stands here.
  public var headers: [(name: String, value: String)]
  /// The body; nil sends none (for `POST` and `PUT`: one of length 0).
  public var body: [UInt8]?
  /// How long to try to connect.
  public var connectTimeout: Duration
  /// From the request to the end of the answer; for a stream to the end of its head, and for a
  /// stream that is not answered with 2xx to its end. nil waits without end.
  public var timeout: Duration?
  /// For a stream: from the head of its answer to the end of its body. nil is without end.
  public var bodyTimeout: Duration?
  /// Whether it gets a connection of its own, which is closed after it.
  public var opensConnection = false
  /// The largest body that `HTTPClient.send` accepts, in bytes.
  public var maximumBodySize: Int

  /// A request; by default it may take 60 s, 10 s of them to connect, and its answer at most 64
  /// MiB.
  public init(
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

  /// The whole URL, query encoded.
  var url: String {
    guard !query.isEmpty else { return endpoint.origin + path }
    let items = query.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }
    return endpoint.origin + path + "?" + items.joined(separator: "&")
  }
}

/// `text` with every byte but RFC 3986's unreserved characters (and those in `keeping`)
/// percent-encoded.
public func percentEncoded(_ text: String, keeping: String = "") -> String {
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
