/// The response to a request.
package struct HTTPResponseMessage: Sendable {
  /// The status code.
  package var status: Int
  /// Header fields other than the length.
  package var headers: [String: String] = [:]
  /// The body, as text.
  package var body = ""
  /// A stream in place of a body. It uses the connection from then on.
  var stream: EventStream?

  /// Creates a response with a status and a text.
  package init(_ status: Int, _ body: String = "", headers: [String: String] = [:]) {
    self.status = status
    self.body = body
    self.headers = headers
  }

  /// Creates a response that is a stream.
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

  /// The status line, the header fields and the body.
  var bytes: [UInt8] {
    var text = "HTTP/1.1 \(status) \(reason)\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    text +=
      stream == nil ? "Content-Length: \(body.utf8.count)\r\n" : "Transfer-Encoding: chunked\r\n"
    return Array("\(text)\r\n\(body)".utf8)
  }
}
