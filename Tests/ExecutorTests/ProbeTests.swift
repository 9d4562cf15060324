import Foundation
import HTTPClient
import MesosExecutor
import TestSupport
import Testing

@testable import Executor

/// src/checks/checker_process.cpp: `curl -s -S -L -k -w '%{http_code}' -o /dev/null -g URL`, and
/// `mesos-tcp-connect`.
@Suite("A probe", .timeLimit(.minutes(10)))
struct ProbeTests {
  private let probe = HealthProbe(
    http: HTTPClient(), sandbox: "/tmp", environment: ["PATH": "/bin"])

  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

  private static func moved(_ status: Int, to location: String) -> ServerReply {
    .response(status, headers: ["Location": location])
  }

  /// Passes the port of a server to `body`. Its responses include invalid ones.
  private func withServer(isIPv6: Bool = false, _ body: (UInt32) async throws -> Void) async throws
  {
    let server = FakeHTTPServer()
    server.handle { [weak server] request, connection in
      switch request.target {
      case "/silent": return true
      case "/big": return connection.send(.flood(80 << 20))
      case "/deaf": server?.stopListening()
      default: break
      }
      let replies: [String: ServerReply] = [
        "/status-line-header": .text("\(Self.ok)HTTP/1.1 -5 : x\r\n\r\nok"),
        "/huge-status-header": .text("\(Self.ok)HTTP/1.1 99999999999: x\r\nHTTP/: 1\r\n\r\nok"),
        "/huge-status": .text("HTTP/1.1 99999999999 X\r\nContent-Length: 0\r\n\r\n"),
        "/negative-status": .text("HTTP/1.1 -5 X\r\nContent-Length: 0\r\n\r\n"),
        "/interim": .text("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n\(Self.ok)\r\nok"),
        "/moved": Self.moved(302, to: "/ok"), "/gone": Self.moved(301, to: "/missing"),
        "/loop": Self.moved(302, to: "/loop"), "/file": Self.moved(302, to: "file:///etc/passwd"),
        "/nowhere": .text("HTTP/1.1 304 X\r\n\r\n"), "/missing": .response(404),
        "/nine": .textThenClose("hello"),
      ]
      return connection.send(replies[request.target] ?? .response(200, "ok"))
    }
    try server.listen(on: .loopback(isIPv6: isIPv6))
    defer { server.stop() }
    try await body(UInt32(server.port))
  }

  private func get(
    _ path: String, _ port: UInt32, isIPv6: Bool = false, timeout: Duration = .seconds(120)
  ) async -> HealthProbe.Result {
    let target = HTTPTarget(port: port, path: path, isIPv6: isIPv6)
    return await probe.probe(.http(target, statuses: []), timeout: timeout)
  }

  @Test("gets the status from the response's first line, whatever the headers")
  func status() async throws {
    try await withServer { port in
      for path in ["/ok", "/status-line-header", "/huge-status-header", "/interim"] {
        let result = await get(path, port)
        #expect(result.isPassed && result.status == 200, "\(path): \(result)")
      }
      for path in ["/huge-status", "/negative-status", "/nine"] {
        let result = await get(path, port)
        #expect(!result.isPassed, "\(path): \(result)")
      }
    }
  }

  @Test("follows redirects to their end, and never to a file")
  func redirects() async throws {
    try await withServer { port in
      let moved = await get("/moved", port)
      #expect(moved.isPassed && moved.status == 200, "\(moved)")
      let gone = await get("/gone", port)
      #expect(!gone.isPassed && gone.status == 404, "\(gone)")
      let nowhere = await get("/nowhere", port)
      #expect(nowhere.isPassed && nowhere.status == 304, "\(nowhere)")
      for path in ["/loop", "/file"] {
        let result = await get(path, port)
        #expect(!result.isPassed && result.status == nil, "\(path): \(result)")
      }
    }
  }

  @Test("opens its own connection, so that a server that accepts none is detected")
  func ownConnection() async throws {
    try await withServer { port in
      #expect(await get("/ok", port).isPassed)
      // This request is served on its connection, which is the last that the server accepts.
      #expect(await get("/deaf", port).isPassed)
      try await eventually("nothing accepted") { await !get("/ok", port).isPassed }
      let result = await get("/ok", port)
      #expect(!result.isPassed && result.message.contains("Connection refused"), "\(result)")
    }
  }

  @Test("discards the body as it arrives")
  func body() async throws {
    func resident() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }
    try await withServer { port in
      _ = await get("/ok", port)
      // Other tests of the process use memory too, but hardly each time.
      var growth: [Int] = []
      repeat {
        let before = try resident()
        #expect(await get("/big", port).isPassed)
        growth.append(try resident() - before)
      } while growth.count < 5 && growth.last ?? 0 >= 60 << 20
      #expect(growth.contains { $0 < 60 << 20 }, "\(growth)")
    }
  }

  @Test("without a limit waits for its response, and with one it times out")
  func limits() async throws {
    try await withServer { port in
      #expect(await get("/ok", port, timeout: .zero).isPassed)
      #expect(await !get("/silent", port, timeout: .milliseconds(200)).isPassed)
      let tcp = await probe.probe(.tcp(port: port, isIPv6: false), timeout: .zero)
      #expect(tcp.isPassed && tcp.isConnected == true)
      let command = CommandInfo(value: "exit 3")
      #expect(await probe.probe(.command(command), timeout: .zero).exitCode == 3)
    }
  }

  @Test("connects to ::1 if the check requests IPv6")
  func ipv6() async throws {
    try await withServer(isIPv6: true) { port in
      #expect(await get("/moved", port, isIPv6: true).isPassed)
      #expect(await !get("/ok", port).isPassed)
      #expect(await probe.probe(.tcp(port: port, isIPv6: true), timeout: .seconds(120)).isPassed)
      #expect(await !probe.probe(.tcp(port: port, isIPv6: false), timeout: .seconds(5)).isPassed)
    }
  }

  @Test("fails for an invalid port, and connects to no other", arguments: [0, 65536, 65537, .max])
  func port(beyond: UInt32) async throws {
    try await withServer { port in
      let number = beyond > 65536 && beyond < .max ? 65536 + port : beyond
      for what in [
        Probe.tcp(port: number, isIPv6: false), .http(HTTPTarget(port: number), statuses: []),
      ] {
        let result = await probe.probe(what, timeout: .seconds(5))
        #expect(!result.isPassed && result.message.contains("\(number) isn't a port"), "\(result)")
      }
    }
  }

  @Test("fails the task at the first failure if the check permits none")
  func noFailures() {
    let check = HealthCheck(probe: nil, gracePeriod: .zero, consecutiveFailures: 0)
    var verdict = HealthVerdict(check: check)
    #expect(verdict.record(isPassed: true, after: .seconds(1)) == .changed(isHealthy: true))
    #expect(verdict.record(isPassed: false, after: .seconds(2)) == .hopeless)
  }
}
