/// The head of an HTTP message: a request's or an answer's.
struct MessageHead: Sendable {
  /// How a body ends.
  enum Framing: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// With the connection.
    case close
  }

  /// The request line or the status line.
  var start: String
  /// Header fields, in order, names as they came.
  var fields: [(name: String, value: String)]

  init(start: String, fields: [(name: String, value: String)] = []) {
    self.start = start
    self.fields = fields
  }

  /// Reads a head without the empty line at its end; nil for what is none.
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

  /// The value of a field, by its name in small letters.
  subscript(name: String) -> String? {
    get { fields.first { $0.name.lowercased() == name }?.value }
    set {
      fields.removeAll { $0.name.lowercased() == name }
      if let newValue { fields.append((name, newValue)) }
    }
  }

  /// The words of the first line.
  var words: [Substring] { start.split(separator: " ") }

  /// An answer's status.
  var status: Int { Int(words[1]) ?? 0 }

  /// How the body of a request ends.
  var requestFraming: Framing {
    if isChunked { return .chunked }
    return length.map { $0 > 0 ? .length($0) : .none } ?? .none
  }

  /// How the body of an answer ends.
  func answerFraming(to method: String) -> Framing {
    if method == "HEAD" || status == 204 || status == 304 || status < 200 { return .none }
    if isChunked { return .chunked }
    return length.map { .length($0) } ?? .close
  }

  private var isChunked: Bool { self["transfer-encoding"]?.lowercased() == "chunked" }
  private var length: Int? { self["content-length"].flatMap { Int($0) } }

  /// The head with its empty line.
  var bytes: [UInt8] {
    let lines = [start] + fields.map { "\($0.name): \($0.value)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}
