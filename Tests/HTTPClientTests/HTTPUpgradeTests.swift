import Foundation
import HTTPClient
import TestSupport
import Testing

@Suite("An upgraded connection", .timeLimit(.minutes(6)))
struct HTTPUpgradeTests {
  private func request(_ server: FakeHTTPServer, timeout: Duration = .seconds(60)) -> HTTPRequest {
    HTTPRequest(
      endpoint: HTTPEndpoint(transport: .unix(path: server.path)), method: "POST", path: "/x",
      query: [("q", "a b")], headers: [("Content-Type", "application/json")],
      body: Array("{}".utf8), timeout: timeout)
  }

  /// Sends all bytes, closes the sending direction, and reads to the end.
  private func exchange(_ upgrade: HTTPUpgrade, _ bytes: [UInt8]) throws -> [UInt8] {
    var rest = bytes[...]
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 10_000)
    while true {
      if !rest.isEmpty {
        rest = rest.dropFirst(try rest.withUnsafeBytes { try upgrade.send($0) })
        if rest.isEmpty { upgrade.finish() }
      }
      switch try chunk.withUnsafeMutableBytes({ try upgrade.receive($0) }) {
      case .bytes(let count): received += chunk[..<count]
      case .end: return received
      case .later:
        var events = pollfd(
          fd: upgrade.descriptor, events: Int16(rest.isEmpty ? POLLIN : POLLIN | POLLOUT),
          revents: 0)
        _ = poll(&events, 1, 10_000)
      }
    }
  }

  @Test("passes bytes in both directions, also those after the head, until each side ends")
  func bothWays() async throws {
    let server = FakeHTTPServer { _, connection in
      connection.write("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nearly ".utf8)
      while true {
        let bytes = connection.read()
        if bytes.isEmpty { break }
        connection.write(bytes)
      }
      // After the end of its input, it can still send.
      connection.write("late".utf8)
      return false
    }
    try server.listen(on: .temporary())
    defer { server.stop() }
    let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let upgrade = try HTTPUpgrade.open(request(server))
    #expect(upgrade.head.status == 101)
    #expect(upgrade.head.header("upgrade") == "tcp")
    let received = try exchange(upgrade, sent)
    #expect(received == Array("early ".utf8) + sent + Array("late".utf8))
    let seen = try #require(server.requests.first)
    #expect(seen.method == "POST" && seen.target == "/x?q=a%20b" && seen.text == "{}")
    #expect(seen.head.contains("Upgrade: tcp") && seen.head.contains("Connection: Upgrade"))
  }

  @Test("a refusal is no upgrade, and the rest of its response can be read")
  func refusal() async throws {
    let server = try FakeHTTPServer { _ in .response(409, #"{"message":"no"}"#) }
    defer { server.stop() }
    let upgrade = try HTTPUpgrade.open(request(server))
    #expect(upgrade.head.status == 409)
    let rest = upgrade.rest(upTo: 1000, within: .seconds(120))
    #expect(String(decoding: rest, as: UTF8.self) == #"{"message":"no"}"#)
  }

  @Test("its deadline is that of the request, and it fails if nobody listens")
  func failures() async throws {
    let server = FakeHTTPServer { _, connection in
      connection.discard()
      return false
    }
    try server.listen(on: .temporary())
    let late = #expect(throws: HTTPError.self) {
      _ = try HTTPUpgrade.open(request(server, timeout: .milliseconds(200)))
    }
    #expect(late?.kind == .timedOut)
    let sent = request(server)
    server.stop()
    let absent = #expect(throws: HTTPError.self) { _ = try HTTPUpgrade.open(sent) }
    #expect(absent?.kind == .unreachable)
  }
}
