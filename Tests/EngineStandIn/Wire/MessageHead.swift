/// The head of an HTTP request or response.
struct MessageHead: Sendable {
  /// The framing of a body.
  enum Framing: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// The body ends when the connection is closed.
    case close
  }

  /// The request line or the status line.
  var start: String
  /// The header fields, in order, with their original names.
  var fields: [(name: String, value: String)]

  init(start: String, fields: [(name: String, value: String)] = []) {
    self.start = start
    self.fields = fields
  }

  /// Parses a head without its trailing empty line. Nil if the text isn't a head.
  init?(_ text: String) {
    let lines = text.split(separator: "\r\n")
    guard let first = lines.first, first.split(separator: " ").count >= 2 else { return nil }
    start = String(first)
    fields = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      fields.append((String(line[..<colon]), String(value)))
    }
  }

  /// The value of a field, by its name in lower case.
  subscript(name: String) -> String? {
    get { fields.first { $0.name.lowercased() == name }?.value }
    set {
      fields.removeAll { $0.name.lowercased() == name }
      if let newValue { fields.append((name, newValue)) }
    }
  }

  /// The words of the first line.
  var words: [Substring] { start.split(separator: " ") }

  /// The status of a response.
  var status: Int { Int(words[1]) ?? 0 }

  /// The framing of a request body.
  var requestFraming: Framing {
    if isChunked { return .chunked }
    return length.map { $0 > 0 ? .length($0) : .none } ?? .none
  }

  /// The framing of a response body.
  func responseFraming(to method: String) -> Framing {
    if method == "HEAD" || status == 204 || status == 304 || status < 200 { return .none }
    if isChunked { return .chunked }
    return length.map { .length($0) } ?? .close
  }

  private var isChunked: Bool { self["transfer-encoding"]?.lowercased() == "chunked" }
  private var length: Int? { self["content-length"].flatMap { Int($0) } }

  /// The head with its trailing empty line.
  var bytes: [UInt8] {
    let lines = [start] + fields.map { "\($0.name): \($0.value)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}
