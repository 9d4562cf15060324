import AgentStandIn
import Foundation
import TestSupport

/// A client's connection and its connection to the engine. Requests pass a check, responses pass a
/// filter. All other data is passed unchanged, including half closes.
struct Conversation: Sendable {
  /// The result of a request.
  enum Verdict: Sendable {
    /// The request was passed to the engine: its method and path.
    case passed(String)
    /// The request was rejected, with the reason.
    case refused(String)
  }

  /// The receiver has closed the connection.
  private struct Gone: Error {}

  let client: Int32
  let engine: Int32
  let check: RequestCheck
  /// Receives the result of each request.
  let record: @Sendable (Verdict) -> Void
  private let exchange = Exchange()

  init(
    client: Int32, engine: Int32, release: EngineRelease,
    record: @escaping @Sendable (Verdict) -> Void
  ) {
    self.client = client
    self.engine = engine
    self.record = record
    check = RequestCheck(release: release)
  }

  /// Passes data until both sides have ended. The caller closes the sockets.
  func run() {
    let answersEnded = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      do {
        try passResponses()
        // All data has been sent. The client's direction may continue, as with an engine.
        shutdown(client, Int32(SHUT_WR))
      } catch {
        Socket.end(client)
        Socket.end(engine)
      }
      exchange.end(.ended)
      answersEnded.signal()
    }
    do {
      try passRequests()
      shutdown(engine, Int32(SHUT_WR))
    } catch {
      Socket.end(engine)
    }
    answersEnded.wait()
  }

  // MARK: Requests

  private func passRequests() throws {
    var reader = MessageReader(client)
    while reader.waits() {
      switch exchange.waitForEnd() {
      case .ended: return
      case .takenOver: return try reader.rest { try send($0, to: engine) }
      case .answered: break
      }
      guard let head = try reader.head() else { return }
      do throws(RequestCheck.Refusal) {
        let route = try check.route(String(head.words[0]), String(head.words[1]))
        try pass(head, route, &reader)
      } catch {
        // No response is in progress. A newer client detects an older engine with a HEAD request,
        // so that isn't recorded.
        if head.words[0] != "HEAD" { record(.refused(error.message)) }
        try refuse(head, error, &reader)
      }
    }
  }

  private func pass(
    _ head: MessageHead, _ route: RequestCheck.Route, _ reader: inout MessageReader
  ) throws(RequestCheck.Refusal) {
    let framing = head.requestFraming
    var (onward, body) = (head, [UInt8]())
    let words = head.words
    onward.start = "\(words[0]) \(route.target) \(words.last ?? "HTTP/1.1")"
    onward["expect"] = nil
    do {
      try agree(head)
      if !route.endpoint.uploads {
        body = try reader.body(framing)
        if framing == .chunked { onward["transfer-encoding"] = nil }
        if framing != .none { onward["content-length"] = "\(body.count)" }
        try check.check(body, of: route)
      }
      record(.passed("\(words[0]) \(words[1])"))
      exchange.begin(route, method: String(words[0]))
      try send(onward.bytes + body, to: engine)
      guard route.endpoint.uploads else { return }
      try reader.pieces(framing) { try send(framing == .chunked ? chunk($0) : $0, to: engine) }
      if framing == .chunked { try send(chunk([]), to: engine) }
    } catch let refusal as RequestCheck.Refusal {
      throw refusal
    } catch {
      // The engine may have responded before it received everything. Its responses are still
      // passed.
      shutdown(engine, Int32(SHUT_WR))
    }
  }

  /// Permits a client that expects a `100 Continue` to send its body.
  private func agree(_ head: MessageHead) throws {
    guard head["expect"]?.lowercased() == "100-continue" else { return }
    try send(MessageHead(start: "HTTP/1.1 100 Continue").bytes, to: client)
  }

  private func refuse(
    _ head: MessageHead, _ refusal: RequestCheck.Refusal, _ reader: inout MessageReader
  ) throws {
    let body = JSON.object(["message": .string(refusal.message)]).bytes
    let response = MessageHead(
      start: "HTTP/1.1 \(refusal.status) Refused",
      fields: [
        ("Api-Version", "1.\(check.release.api)"), ("Content-Type", "application/json"),
        ("Content-Length", "\(body.count)"), ("Connection", "close"),
      ])
    try send(response.bytes + (head.words[0] == "HEAD" ? [] : body), to: client)
    shutdown(client, Int32(SHUT_WR))
    // If it were closed with unread data, the connection would be reset before the client has read
    // the response.
    reader.rest { _ in }
  }

  // MARK: Answers

  private func passResponses() throws {
    let filter = ResponseFilter(release: check.release)
    var reader = MessageReader(engine)
    while var head = try reader.head() {
      guard let (route, method) = exchange.current else { throw Gone() }
      head.fields = head.fields.compactMap { name, value in
        filter.headField(name, value).map { (name, $0) }
      }
      let framing = head.responseFraming(to: method)
      if head.status == 101 || (route.endpoint.takesOver && framing == .close) {
        try send(head.bytes, to: client)
        exchange.end(.takenOver)
        return try reader.rest { try send($0, to: client) }
      }
      if head.status >= 400, framing != .none {
        let body = try reader.body(framing)
        head.start = "HTTP/1.1 \(filter.status(head.status, body)) Failure"
        head["transfer-encoding"] = nil
        head["content-length"] = "\(body.count)"
        try send(head.bytes + body, to: client)
      } else if route.endpoint.response == nil || framing == .none || head.status >= 300 {
        try send(head.bytes, to: client)
        try copy(framing, &reader) { try send($0, to: client) }
      } else if route.endpoint.streams {
        try passEvents(head, framing, route, filter, &reader)
      } else {
        let body = filter.body(try reader.body(framing), route.endpoint)
        head["transfer-encoding"] = nil
        head["content-length"] = "\(body.count)"
        try send(head.bytes + body, to: client)
      }
      if head.status >= 200 { exchange.end(.answered) }
      if framing == .close { return }
    }
  }

  /// Each line of the stream is an event.
  private func passEvents(
    _ head: MessageHead, _ framing: MessageHead.Framing, _ route: RequestCheck.Route,
    _ filter: ResponseFilter, _ reader: inout MessageReader
  ) throws {
    try send(head.bytes, to: client)
    var line: [UInt8] = []
    try reader.pieces(framing) { piece in
      line += piece
      while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
        if let event = filter.event(Array(line[..<end]), route.endpoint) {
          try send(framing == .chunked ? chunk(event) : event, to: client)
        }
        line.removeFirst(end + 1)
      }
    }
    if framing == .chunked { try send(chunk([]), to: client) }
  }

  // MARK: Both

  private func copy(
    _ framing: MessageHead.Framing, _ reader: inout MessageReader, _ take: ([UInt8]) throws -> Void
  ) throws {
    try reader.pieces(framing) { try take(framing == .chunked ? chunk($0) : $0) }
    if framing == .chunked { try take(chunk([])) }
  }

  private func send(_ bytes: [UInt8], to socket: Int32) throws {
    guard Socket.write(socket, bytes) else { throw Gone() }
  }
}

/// Encodes bytes as a chunk. No bytes are the last chunk.
private func chunk(_ bytes: [UInt8]) -> [UInt8] {
  Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
}
