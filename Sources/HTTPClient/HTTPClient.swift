/// An HTTP/1.1 client based on libcurl. It handles any number of requests and streams to any number
/// of endpoints on one thread.
///
/// The thread starts with the first request, sleeps while there is nothing to do, and exits when
/// the client and all its streams are gone. Connections are kept open and reused.
package final class HTTPClient: Sendable {
  private let loop: EventLoop

  /// Creates a client with its own thread and connection pool.
  package init() {
    loop = EventLoop()
  }

  deinit {
    loop.shutDown()
  }

  /// Sends a request and returns the complete response, whatever its status.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is canceled.
  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let exchange = Exchange(request: request, mode: .whole, client: self)
    try await exchange.perform(until: .end)
    return try exchange.wholeResponse()
  }

  /// Sends a request, follows redirects (50 at most), and discards the body as it arrives.
  /// - Returns: The status code of the last response, after the end of its body.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is canceled.
  package func status(of request: HTTPRequest) async throws -> Int {
    let exchange = Exchange(request: request, mode: .status, client: self)
    try await exchange.perform(until: .end)
    return try exchange.wholeResponse().head.status
  }

  /// Sends a request and returns when the head of the response has arrived, whatever its status.
  /// - Throws: `HTTPError`; `CancellationError` at once when the task is canceled.
  package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
    let exchange = Exchange(request: request, mode: .stream, client: self)
    let body = HTTPBody(handle: HTTPBody.Handle(exchange: exchange))
    try await exchange.perform(until: .head)
    return HTTPStreamingResponse(head: try exchange.receivedHead(), body: body)
  }

  func submit(_ command: EventLoop.Command) {
    loop.submit(command)
  }

  /// The number of connections that requests made, and how often a request reused one.
  package var connectionCounts: (made: Int, reused: Int) { loop.connectionCounts }
}
