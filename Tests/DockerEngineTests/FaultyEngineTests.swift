import Concurrency
import Synchronization
import TestSupport
import Testing

@testable import DockerEngine

@Suite("An engine that misbehaves", .timeLimit(.minutes(6)))
struct FaultyEngineTests {
  private static let ping = ServerReply.response(
    200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])

  private func engine(_ server: FakeHTTPServer, timeout: Duration = .seconds(60)) -> DockerEngine {
    DockerEngine(endpoint: .unix(path: server.path), requestTimeout: timeout)
  }

  private func fake(
    _ reply: @escaping @Sendable (ServerRequest) -> ServerReply
  ) throws -> FakeHTTPServer {
    try FakeHTTPServer { $0.target == "/_ping" ? Self.ping : reply($0) }
  }

  /// Negotiates the API version, so that a short time limit doesn't apply to the request for it.
  private func negotiate(_ engine: DockerEngine) async throws {
    try await eventually("the version") { (try? await engine.ability()) != nil }
  }

  private func failure(_ body: () async throws -> Void) async -> EngineError? {
    do {
      try await body()
      return nil
    } catch { return error as? EngineError }
  }

  @Test(
    "is used with the newest version that both support",
    arguments: [
      ("1.25", "/v1.25/info"), ("1.40", "/v1.40/info"), ("1.41", "/v1.41/info"),
      ("1.99", "/v1.51/info"),
    ])
  func negotiation(version: String, target: String) async throws {
    let server = try FakeHTTPServer { request in
      request.target == "/_ping"
        ? .response(200, "OK", headers: ["Api-Version": "\(version)"]) : .response(200, "{}")
    }
    defer { server.stop() }
    _ = try await engine(server).info()
    #expect(server.requests.map(\.target) == ["/_ping", target])
  }

  @Test("and is too old is refused with both versions")
  func tooOld() async throws {
    let server = try FakeHTTPServer { _ in .response(200, "OK", headers: ["Api-Version": "1.24"]) }
    defer { server.stop() }
    let error = await failure { _ = try await engine(server).info() }
    #expect(error?.kind == .tooOld)
    #expect(error?.message.contains("1.24") == true)
    #expect(error?.message.contains("1.25") == true)
  }

  @Test("is refused if it is no engine")
  func noEngine() async throws {
    let server = try FakeHTTPServer { _ in .response(200, "hello") }
    defer { server.stop() }
    let error = await failure { _ = try await engine(server).ping() }
    #expect(error?.kind == .malformed)
  }

  @Test("gets one request for its version from many tasks")
  func oneFlight() async throws {
    let server = try fake { _ in .response(200, "[]") }
    defer { server.stop() }
    let engine = engine(server)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<30 { group.addTask { _ = try await engine.listContainers(all: true) } }
      try await group.waitForAll()
    }
    #expect(server.requests.filter { $0.target == "/_ping" }.count == 1)
    #expect(server.requests.count == 31)
  }

  @Test("gets another request for its version if the first task was canceled")
  func abandonedFlight() async throws {
    let pings = Mutex(0)
    let server = try FakeHTTPServer { request in
      guard request.target == "/_ping" else { return .response(200, "[]") }
      let count = pings.withLock {
        $0 += 1
        return $0
      }
      return count == 1 ? .text("") : Self.ping
    }
    defer { server.stop() }
    let engine = engine(server)
    let first = Task { try await engine.listContainers(all: true) }
    try await eventually("a request") { server.requests.count == 1 }
    let second = Task { try await engine.listContainers(all: true) }
    let third = Task { try await engine.listContainers(all: true) }
    try await Task.sleep(for: .milliseconds(50))
    third.cancel()
    await #expect(throws: CancellationError.self) { try await third.value }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(try await second.value.isEmpty)
  }

  @Test("is asked for its version again after it was replaced by an older one")
  func replaced() async throws {
    let isOld = Mutex(false)
    let server = try FakeHTTPServer { request in
      let version = isOld.withLock { $0 } ? "1.41" : "1.45"
      if request.target == "/_ping" {
        return .response(200, headers: ["Api-Version": "\(version)"])
      }
      if request.target.hasPrefix("/v\(version)/") { return .response(200, "[]") }
      return .response(
        400, #"{"message":"client version 1.45 is too new. Maximum supported API version is 1.41"}"#
      )
    }
    defer { server.stop() }
    let engine = engine(server)
    _ = try await engine.listContainers(all: true)
    isOld.withLock { $0 = true }
    #expect(await failure { _ = try await engine.listContainers(all: true) }?.kind == .status(400))
    _ = try await engine.listContainers(all: true)
    #expect(server.requests.last?.target.hasPrefix("/v1.41/") == true)
  }

  @Test("and doesn't respond causes a timeout")
  func stalled() async throws {
    let server = try fake { _ in .text("") }
    defer { server.stop() }
    let engine = engine(server, timeout: .milliseconds(200))
    try await negotiate(engine)
    let error = await failure { try await engine.startContainer("web") }
    #expect(error?.kind == .timedOut)
    #expect(error?.path == "/containers/web/start")
    let stream = await failure { _ = try await engine.attach("web", tty: false) }
    #expect(stream?.kind == .timedOut)
  }

  @Test(
    "gets a limited number of starts at once, and no queued start after its cancellation"
  )
  func turns() async throws {
    let server = try fake { request in
      request.target.hasSuffix("/start") ? .text("") : .response(204)
    }
    defer { server.stop() }
    let engine = engine(server)
    let limit = RequestKind.start.limit
    let starts = (0..<5 * limit).map { number in
      Task { try await withoutCancellation { try await engine.startContainer("c\(number)") } }
    }
    func sent() -> Int { server.requests.filter { $0.target.hasSuffix("/start") }.count }
    try await eventually("each request sent or waiting") {
      sent() + engine.limiter.waiting(.start) == 5 * limit
    }
    #expect(sent() == limit)
    // Stops and kills never wait behind starts that hang.
    try await engine.killContainer("c0", signal: "KILL")
    try await engine.stopContainer("c0", timeout: 0)
    for start in starts { start.cancel() }
    try await eventually("no request waiting") { engine.limiter.waiting(.start) == 0 }
    #expect(sent() == limit)
    server.stop()
    for start in starts { _ = await start.result }
    #expect(sent() == limit)
  }

  @Test("gets the time until the task's own deadline, if that is longer")
  func patience() async throws {
    let server = try fake { _ in .text("") }
    defer { server.stop() }
    let engine = engine(server, timeout: .milliseconds(100))
    func time(_ patience: Duration) async -> Duration {
      let start = ContinuousClock.now
      let error = await DockerEngine.$patience.withValue(.now + patience) {
        await failure { try await engine.startContainer("web") }
      }
      #expect(error?.kind == .timedOut)
      return .now - start
    }
    #expect(await time(.milliseconds(900)) >= .milliseconds(850))
    // An early deadline doesn't shorten the time. The owner of the deadline enforces it.
    #expect(await time(.zero) >= .milliseconds(90))
  }

  @Test("gets the time to stop a container in addition to the deadline")
  func stopDeadline() async throws {
    let server = try fake { _ in .text("") }
    defer { server.stop() }
    let engine = engine(server, timeout: .milliseconds(200))
    try await negotiate(engine)
    let start = ContinuousClock.now
    let error = await failure { try await engine.stopContainer("web", timeout: 1) }
    #expect(error?.kind == .timedOut)
    #expect(ContinuousClock.now - start >= .milliseconds(1200))
  }

  @Test("and interrupts its event stream ends the sequence or fails it")
  func brokenEvents() async throws {
    let event = #"{"Type":"container","Action":"die","Actor":{"ID":"a","Attributes":null}}"#
    let server = try fake { request in
      request.target.contains("until")
        ? .textThenClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")
        : .textThenClose("HTTP/1.1 200 OK\r\n\r\n\(event)\n\(event.prefix(9))")
    }
    defer { server.stop() }
    let engine = engine(server)
    var events = try await engine.events().makeAsyncIterator()
    #expect(try await events.next()?.action == "die")
    let error = await failure { _ = try await events.next() }
    #expect(error?.kind == .unreachable)
    var chunked = try await engine.events(until: "1").makeAsyncIterator()
    let second = await failure { _ = try await chunked.next() }
    #expect(second != nil)
  }

  @Test("and sends a malformed response is reported with the location in the JSON")
  func malformed() async throws {
    let server = try fake { _ in .response(200, #"{"Id":"a","State":{"Running":"yes"}}"#) }
    defer { server.stop() }
    let error = await failure { _ = try await engine(server).inspectContainer("web") }
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains("State") == true, "\(String(describing: error))")
  }

  @Test("and reports a failed pull in its stream fails the sequence")
  func pull() async throws {
    let server = try fake { _ in
      .response(
        200,
        #"{"status":"Pulling from a","id":"1"}"# + "\r\n"
          + #"{"status":"Downloading","progressDetail":{"current":5,"total":9},"id":"ab"}"# + "\r\n"
          + #"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"# + "\r\n")
    }
    defer { server.stop() }
    let credentials = RegistryCredentials(username: "me", password: "pw")
    var steps: [PullProgress] = []
    let error = await failure {
      for try await step in try await engine(server).pullImage("r:5000/a", credentials: credentials)
      { steps.append(step) }
    }
    #expect(steps.map(\.status) == ["Pulling from a", "Downloading"])
    #expect(steps.last?.current == 5)
    #expect(steps.last?.total == 9)
    #expect(error?.isNotFound == true)
    let request = try #require(server.requests.last)
    #expect(request.target == "/v1.41/images/create?fromImage=r%3A5000%2Fa&tag=latest")
    #expect(request.head.contains("X-Registry-Auth: "))
  }

  @Test("gets names percent-encoded")
  func encoded() async throws {
    let server = try fake { _ in .response(204) }
    defer { server.stop() }
    try await engine(server).removeVolume("a/../b?c", force: false)
    #expect(server.requests.last?.target == "/v1.41/volumes/a%2F..%2Fb%3Fc?force=0")
  }

  @Test("that doesn't exist is unreachable, and the message has the address and the reason")
  func unreachable() async {
    let error = await failure {
      _ = try await DockerEngine(endpoint: .unix(path: "/nowhere/docker.sock")).info()
    }
    #expect(error?.kind == .unreachable)
    #expect(
      error.map { "\($0)" }
        == "Docker Engine: GET /_ping: cannot connect to unix:///nowhere/docker.sock: No such file or directory"
    )
  }
}
