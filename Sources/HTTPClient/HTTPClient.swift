/// HTTP/1.1 over libcurl: any number of requests and streams to any number of endpoints on one thread.
///
/// The thread starts with the first request, sleeps while nothing moves, and ends when the client and all
/// its streams are gone. Connections are kept and used again.
public final class HTTPClient: Sendable {
  private let loop: EventLoop

  /// A client with a thread and a pool of connections of its own.
  public init() {
    loop = EventLoop()
  }

  deinit {
    loop.shutDown()
  }

  /// Sends a request and waits for its whole answer, whatever its status.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is cancelled.
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let exchange = Exchange(request: request, mode: .whole, client: self)
    try await exchange.perform(until: .end)
    return try exchange.wholeResponse()
  }

  /// Sends a request, follows redirects (50 at most), and discards the body as it arrives.
  /// - Returns: the last response's status code, once its body has ended.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is cancelled.
  public func status(of request: HTTPRequest) async throws -> Int {
    let exchange = Exchange(request: request, mode: .status, client: self)
    try await exchange.perform(until: .end)
    return try exchange.wholeResponse().head.status
  }

  /// Sends a request and returns when the head of its answer is there, whatever its status.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is cancelled.
  public func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
    let exchange = Exchange(request: request, mode: .stream, client: self)
    let body = HTTPBody(handle: HTTPBody.Handle(exchange: exchange))
    try await exchange.perform(until: .head)
    return HTTPStreamingResponse(head: try exchange.receivedHead(), body: body)
  }

  func submit(_ command: EventLoop.Command) {
    loop.submit(command)
  }

  /// How often requests found a connection to use again, and how often they made one.
  public var connectionCounts: (made: Int, reused: Int) { loop.connectionCounts }
}
