import EngineStandIn
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A connection through the stand-in", .serialized, .timeLimit(.minutes(5)))
struct ConversationTests {
  @Test("a taken over connection passes bytes in both directions, and both half closes")
  func takenOver() async throws {
    let seen = Mutex("")
    try await Stage.with(.v1_13) { engine in
      let head = engine.head()
      engine.send(
        "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nServer: Docker/20.10.24 (linux)\r\n\r\nhi")
      let input = engine.rest()
      seen.withLock { $0 = head + "|" + input }
      // The client has closed its direction. This one stays open.
      engine.send(" and \(input)")
    } _: { stage in
      stage.client.send(
        "POST /v1.25/containers/0a/attach?stream=1&stdin=1 HTTP/1.1\r\nUpgrade: tcp\r\n\r\nfirst ")
      let head = stage.client.read(through: "\r\n\r\n")
      #expect(head.contains("Server: Docker/1.13.0 (linux)"), "\(head)")
      #expect(stage.client.read(through: "hi") == "hi")
      stage.client.send("second")
      stage.client.finish()
      #expect(stage.client.rest() == " and first second")
      #expect(seen.withLock { $0 }.hasSuffix("|first second"))
    }
  }

  @Test("a response without a length and without an upgrade is a raw stream, a refused one is not")
  func rawStream() async throws {
    try await Stage.with(.v17_06) { engine in
      _ = engine.read(through: #"{"Detach":false}"#)
      engine.send("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}")
      _ = engine.read(through: #"{"Tty":true}"#)
      engine.send("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
      engine.send(engine.read(through: "x"))
    } _: { stage in
      stage.client.send(start(#"{"Detach":false}"#))
      #expect(stage.client.read(through: "{}").hasPrefix("HTTP/1.1 409 "))
      stage.client.send(start(#"{"Tty":true}"#))
      #expect(stage.client.head().hasPrefix("HTTP/1.1 200 "))
      stage.client.send("\u{1}\r\n\u{7f}x")
      #expect(stage.client.rest() == "\u{1}\r\n\u{7f}x")
    }

    func start(_ body: String) -> String {
      "POST /exec/0a/start HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
  }

  @Test("a chunked upload arrives unchanged, even if its client waits for `100 Continue`")
  func upload() async throws {
    let seen = Mutex("")
    try await Stage.with(.v1_13) { engine in
      let request = engine.read(through: "\r\n0\r\n\r\n")
      seen.withLock { $0 = request }
      engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n0\r\n\r\n")
    } _: { stage in
      stage.client.send(
        """
        PUT /containers/0a/archive?path=/ HTTP/1.1\r\nTransfer-Encoding: chunked\r
        Expect: 100-continue\r\n\r\n
        """)
      #expect(stage.client.head().hasPrefix("HTTP/1.1 100 "))
      stage.client.send("5\r\n\u{0}{\r\n}\r\n")
      stage.client.send("1\r\nz\r\n0\r\n\r\n")
      let response = stage.client.read(through: "0\r\n\r\n")
      #expect(response.hasSuffix("\r\n\r\n3\r\na\r\n\r\n0\r\n\r\n"), "\(response)")
      #expect(seen.withLock { $0 }.hasSuffix("\r\n\r\n5\r\n\u{0}{\r\n}\r\n1\r\nz\r\n0\r\n\r\n"))
      #expect(
        seen.withLock { $0 }.hasPrefix("PUT /v1.25/containers/0a/archive?path=/ HTTP/1.1\r\n"))
    }
  }

  @Test("a refused request never reaches the engine, and is recorded")
  func refused() async throws {
    let seen = Mutex("")
    try await Stage.with(.v1_13) { engine in
      let all = engine.rest()
      seen.withLock { $0 += all }
    } _: { stage in
      let body = #"{"HostConfig":{"CgroupnsMode":"host"}}"#
      stage.client.send(
        "POST /containers/create HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      let response = stage.client.rest()
      #expect(response.hasPrefix("HTTP/1.1 400 "), "\(response)")
      #expect(response.contains("has no field HostConfig.CgroupnsMode"), "\(response)")
      #expect(stage.standIn.refusals.count == 1)
      #expect(seen.withLock { $0 }.isEmpty)
    }
  }

  @Test("an event is passed as soon as the engine sends it, and the stream ends with its client")
  func events() async throws {
    let left = DispatchSemaphore(value: 0)
    try await Stage.with(.v17_12) { engine in
      _ = engine.head()
      engine.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let events = ["exec_die", "die"].map { #"{"Action":"\#($0)","new":1}"# + "\n" }.joined()
      // The cut is in the middle of an event.
      for piece in [events.prefix(30), events.dropFirst(30)] {
        engine.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
      }
      _ = engine.rest()
      left.signal()
    } _: { stage in
      stage.client.send("GET /v1.35/events HTTP/1.1\r\n\r\n")
      _ = stage.client.head()
      #expect(stage.client.read(through: "\n\r\n").contains(#"{"Action":"die"}"#))
      stage.client.finish()
      #expect(stage.client.rest() == "")
      #expect(left.wait(timeout: .now() + 120) == .success)
    }
  }

  @Test("a connection serves several requests")
  func keepAlive() async throws {
    try await Stage.with(.v1_13) { engine in
      for _ in 1...2 {
        _ = engine.head()
        engine.send(
          #"HTTP/1.1 200 OK\#r\#nContent-Length: 27\#r\#n\#r\#n{"Version":"20", "New":[1]}"#)
      }
      _ = engine.head()
      engine.send("HTTP/1.1 204 No Content\r\n\r\n")
    } _: { stage in
      for _ in 1...2 {
        stage.client.send("GET /version HTTP/1.1\r\n\r\n")
        let response = stage.client.read(through: "}\n")
        #expect(
          response.hasSuffix("\r\n\r\n" + #"{"ApiVersion":"1.25","Version":"1.13.0"}"# + "\n"))
      }
      stage.client.send("POST /containers/0a/start HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
      #expect(stage.client.head().hasPrefix("HTTP/1.1 204 "))
    }
  }
}
