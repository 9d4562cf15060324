import HTTPClient
import TestSupport
import Testing

@Suite("The HTTP client", .timeLimit(.minutes(6)))
struct HTTPClientTests {
  private func request(_ server: FakeHTTPServer, timeout: Duration? = .seconds(60)) -> HTTPRequest {
    HTTPRequest(
      endpoint: HTTPEndpoint(transport: .unix(path: server.path)), path: "/x", timeout: timeout)
  }

  private func failure(_ body: () async throws -> Void) async -> HTTPError? {
    do {
      try await body()
      return nil
    } catch { return error as? HTTPError }
  }

  /// Opens a stream. The head must arrive within the time limit, which a busy machine can exceed:
  /// the request is then repeated with the next limit.
  ///
  /// - Returns: The response, and its time limit.
  private func opened(
    _ server: FakeHTTPServer, within limits: [Duration]
  ) async throws -> (response: HTTPStreamingResponse, limit: Duration) {
    var late: HTTPError?
    for limit in limits {
      do {
        return (try await HTTPClient().stream(request(server, timeout: limit)), limit)
      } catch let error as HTTPError where error.kind == .timedOut { late = error }
    }
    let error = try #require(late)
    throw error
  }

  @Test(
    "sends method, path, query, headers and body as given, and nothing that curl adds by itself")
  func sends() async throws {
    let server = try FakeHTTPServer { _ in .response(201, "done", headers: ["X-Thing": "a b"]) }
    defer { server.stop() }
    var request = request(server)
    request.method = "POST"
    request.path = "/a%2Fb"
    request.query = [("q", "ä &="), ("r", "")]
    request.headers = [("X-Mine", "yes")]
    request.body = Array(repeating: 7, count: 3_000_000)
    let response = try await HTTPClient().send(request)
    #expect(response.head.status == 201)
    #expect(response.head.header("x-thing") == "a b")
    #expect(response.body == Array("done".utf8))
    let seen = try #require(server.requests.first)
    #expect(seen.method == "POST")
    #expect(seen.target == "/a%2Fb?q=%C3%A4%20%26%3D&r=")
    #expect(seen.head.contains("X-Mine: yes"))
    #expect(!seen.head.contains("Expect"))
    #expect(!seen.head.contains("Content-Type"))
    #expect(seen.body.count == 3_000_000)
  }

  @Test("skips interim responses")
  func interim() async throws {
    let server = try FakeHTTPServer { _ in
      .text(
        "HTTP/1.1 103 Early\r\nA: 1\r\n\r\nHTTP/1.1 200 OK\r\nB: 2\r\nContent-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(request(server))
    #expect(response.head.status == 200)
    #expect(response.head.headers.map(\.name) == ["B", "Content-Length"])
  }

  @Test("reuses a connection")
  func reuse() async throws {
    let server = try FakeHTTPServer { _ in .response(200, "ok") }
    defer { server.stop() }
    let client = HTTPClient()
    for _ in 0..<20 { _ = try await client.send(request(server)) }
    #expect(server.accepted == 1)
    #expect(client.connectionCounts == (made: 1, reused: 19))
  }

  @Test("runs many requests at once on one thread")
  func parallel() async throws {
    let server = try FakeHTTPServer { _ in .response(200, "ok") }
    defer { server.stop() }
    let client = HTTPClient()
    let request = request(server)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<200 { group.addTask { try await client.send(request).head.status } }
      for try await status in group { #expect(status == 200) }
    }
    #expect(server.requests.count == 200)
    #expect(httpThreads().count >= 1)
  }

  @Test("times out if a server doesn't respond")
  func stalled() async throws {
    let server = try FakeHTTPServer { _ in .text("") }
    defer { server.stop() }
    let start = ContinuousClock.now
    let error = await failure {
      _ = try await HTTPClient().send(request(server, timeout: .milliseconds(200)))
    }
    #expect(error?.kind == .timedOut)
    #expect(
      error?.description == "GET /x: no response from unix://\(server.path) within 0.2 seconds")
    #expect(.milliseconds(200)..<(.seconds(120)) ~= ContinuousClock.now - start)
    try await eventually("the connection's end") { server.ended == 1 }
  }

  @Test("times out if a response stops half-way")
  func stalledBody() async throws {
    let server = try FakeHTTPServer { _ in
      .text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    defer { server.stop() }
    let error = await failure {
      _ = try await HTTPClient().send(request(server, timeout: .milliseconds(200)))
    }
    #expect(error?.kind == .timedOut)
  }

  @Test("limits the time for a stream's head, and not for its body")
  func streamDeadline() async throws {
    let server = try FakeHTTPServer { _ in
      .text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    defer { server.stop() }
    let (response, limit) = try await opened(
      server, within: [.seconds(2), .seconds(20), .seconds(60)])
    var pieces = response.body.makeAsyncIterator()
    #expect(try await pieces.next() == Array("abc".utf8))
    let late = Task { [pieces] in
      var pieces = pieces
      return try await pieces.next()
    }
    try await Task.sleep(for: limit + .milliseconds(500))
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
  }

  @Test("limits the time for a stream's body with its own deadline")
  func bodyDeadline() async throws {
    let server = try FakeHTTPServer { _ in .text("HTTP/1.1 200 OK\r\n\r\nabc") }
    defer { server.stop() }
    var request = request(server)
    request.bodyTimeout = .milliseconds(200)
    let response = try await HTTPClient().stream(request)
    let error = await failure { _ = try await response.body.collect(upTo: 100) }
    #expect(error?.kind == .timedOut)
  }

  @Test("keeps the deadline for a stream that is refused")
  func refusedStream() async throws {
    let server = try FakeHTTPServer { _ in
      .text("HTTP/1.1 500 X\r\nContent-Length: 10\r\n\r\nabc")
    }
    defer { server.stop() }
    let (response, _) = try await opened(
      server, within: [.milliseconds(200), .seconds(5), .seconds(60)])
    #expect(response.head.status == 500)
    let error = await failure { _ = try await response.body.collect(upTo: 100) }
    #expect(error?.kind == .timedOut)
  }

  @Test("returns at once and closes the connection when the task is canceled")
  func cancellation() async throws {
    let server = try FakeHTTPServer { _ in .text("") }
    defer { server.stop() }
    let client = HTTPClient()
    let request = request(server, timeout: nil)
    let task = Task { try await client.send(request) }
    try await eventually("a request") { server.requests.count == 1 }
    let start = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(ContinuousClock.now - start < .seconds(120))
    try await eventually("the connection's end") { server.ended == 1 }
  }

  @Test("doesn't send for a task that is already canceled")
  func cancelledBefore() async throws {
    let server = try FakeHTTPServer { _ in .response(200) }
    defer { server.stop() }
    let request = request(server)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await HTTPClient().send(request)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(server.accepted == 0)
  }

  @Test("closes the connection of a stream that is dropped")
  func dropped() async throws {
    let server = try FakeHTTPServer { _ in .text("HTTP/1.1 200 OK\r\n\r\nabc") }
    defer { server.stop() }
    let client = HTTPClient()
    do {
      let response = try await client.stream(request(server))
      #expect(response.head.status == 200)
    }
    try await eventually("the connection's end") { server.ended == 1 }
  }

  @Test("keeps streaming when only the stream is retained")
  func clientDropped() async throws {
    let server = try FakeHTTPServer { _ in .flood(5_000_000) }
    defer { server.stop() }
    let response = try await HTTPClient().stream(request(server))
    #expect(try await response.body.collect(upTo: 10_000_000).count == 5_000_000)
  }

  @Test("buffers little of a stream that nobody reads, and loses nothing of it")
  func backpressure() async throws {
    let size = 40_000_000
    let server = try FakeHTTPServer { _ in .flood(size) }
    defer { server.stop() }
    let response = try await HTTPClient().stream(request(server))
    try await eventually("a full buffer") { response.body.bufferedByteCount >= 1 << 20 }
    try await Task.sleep(for: .milliseconds(300))
    #expect(response.body.bufferedByteCount <= (1 << 20) + (256 << 10))
    #expect(server.sent < 4 << 20)
    var expected: UInt8 = 0
    var count = 0
    var isRight = true
    for try await piece in response.body {
      #expect(piece.count <= (1 << 20) + (256 << 10))
      for byte in piece {
        isRight = isRight && byte == expected
        expected &+= 1
      }
      count += piece.count
    }
    #expect(count == size)
    #expect(isRight)
  }

  @Test("refuses a response that is too large")
  func tooLarge() async throws {
    let server = try FakeHTTPServer { _ in .flood(2_000_000) }
    defer { server.stop() }
    var request = request(server)
    request.maximumBodySize = 1_000_000
    let sent = request
    let error = await failure { _ = try await HTTPClient().send(sent) }
    #expect(error?.kind == .tooLarge)
  }

  @Test(
    "reports the fault of a server",
    arguments: [
      ("", HTTPError.Kind.connectionLost), ("HTTP/1.1 200 OK\r\nContent-Le", .connectionLost),
      ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .connectionLost),
      ("SSH-2.0-OpenSSH_9.2\r\n", .malformed),
    ])
  func broken(text: String, kind: HTTPError.Kind) async throws {
    let server = try FakeHTTPServer { _ in .textThenClose(text) }
    defer { server.stop() }
    let error = await failure { _ = try await HTTPClient().send(request(server)) }
    #expect(error?.kind == kind, "\(String(describing: error))")
  }

  @Test("names the socket and the reason if there is no server")
  func unreachable() async {
    let error = await failure {
      _ = try await HTTPClient().send(
        HTTPRequest(endpoint: HTTPEndpoint(transport: .unix(path: "/nowhere/x.sock")), path: "/y"))
    }
    #expect(error?.kind == .unreachable)
    #expect(
      error?.description
        == "GET /y: cannot connect to unix:///nowhere/x.sock: No such file or directory")
    let refused = await failure {
      _ = try await HTTPClient().send(
        HTTPRequest(endpoint: HTTPEndpoint(transport: .tcp(host: "127.0.0.1", port: 1)), path: "/"))
    }
    #expect(
      refused?.description == "GET /: cannot connect to http://127.0.0.1:1: Connection refused")
  }

  @Test("refuses a header that contains another one")
  func headerInjection() async throws {
    let server = try FakeHTTPServer { _ in .response(200) }
    defer { server.stop() }
    var request = request(server)
    request.headers = [("X", "a\r\nY: b")]
    let sent = request
    let error = await failure { _ = try await HTTPClient().send(sent) }
    #expect(error?.kind == .invalidRequest)
    #expect(server.accepted == 0)
  }

  @Test("its thread sleeps while a stream is silent, and exits with the client")
  func idle() async throws {
    let server = try FakeHTTPServer { _ in .text("HTTP/1.1 200 OK\r\n\r\nabc") }
    defer { server.stop() }
    let before = httpThreads()
    var client: HTTPClient? = HTTPClient()
    var response = try await client?.stream(request(server))
    try await Task.sleep(for: .milliseconds(200))
    let mine = httpThreads().keys.filter { before[$0] == nil }
    let wakeups = httpThreads()
    try await Task.sleep(for: .seconds(1))
    let later = httpThreads()
    // Threads of other tests may have started meanwhile. One of the new threads must have slept all
    // the time.
    #expect(mine.contains { wakeups[$0] != nil && wakeups[$0] == later[$0] })
    response = nil
    client = nil
    _ = response
    try await eventually("the thread's end") { mine.contains { httpThreads()[$0] == nil } }
  }
}
