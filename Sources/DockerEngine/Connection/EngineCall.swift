import HTTPClient
import JSON

/// One call of the Engine API, before it is sent.
struct EngineCall: Sendable {
  let method: String
  /// The path without the API version, percent-encoded.
  let path: String
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body: [UInt8]?
  /// Time that is added to the client's `requestTimeout`.
  var extraTime: Duration = .zero
  /// Statuses other than 2xx that are a success.
  var accepted: [Int] = []

  init(_ method: String, _ path: String, query: [(name: String, value: String)] = []) {
    self.method = method
    self.path = path
    self.query = query
  }

  init(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [],
    json: some Encodable
  ) throws {
    self.init(method, path, query: query)
    do {
      body = try JSONEncoder().encode(json)
    } catch {
      throw self.error(.configuration, "the request cannot be written as JSON: \(error)")
    }
    headers.append(("Content-Type", "application/json"))
  }

  /// Adds `filters={"label":["a=b"]}` unless `filters` is empty.
  mutating func add(filters: [String: [String]]) throws {
    guard !filters.isEmpty else { return }
    let json = try JSONEncoder().encode(filters)
    query.append(("filters", String(decoding: json, as: UTF8.self)))
  }

  func error(_ kind: EngineError.Kind, _ message: String) -> EngineError {
    EngineError(kind: kind, method: method, path: path, message: message)
  }

  func error(_ error: HTTPError) -> EngineError {
    let kind: EngineError.Kind =
      switch error.kind {
      case .unreachable, .connectionLost: .unreachable
      case .timedOut: .timedOut
      case .tls, .invalidRequest: .configuration
      case .tooLarge, .malformed: .malformed
      }
    return self.error(kind, error.reason)
  }

  /// The error for a status that is not a success. Its text is that of `{"message": …}`, or plain
  /// text from a proxy.
  func refusal(status: Int, body: [UInt8]) -> EngineError {
    struct Refusal: Decodable { let message: String }
    let refusal = try? JSONDecoder().decode(Refusal.self, from: body)
    let text = refusal?.message ?? String(decoding: body.prefix(1000), as: UTF8.self)
    return error(.status(status), text.isEmpty ? "the engine reported no reason" : text)
  }
}

/// Percent-encodes one component of a path.
func component(_ text: String) -> String { percentEncoded(text) }
