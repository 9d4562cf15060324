import Concurrency
import Foundation
import Linux
import Synchronization
import TestSupport
import Testing

@testable import PodControl

@Suite("A control socket")
struct ControlServerTests {
  private let status = #"{"version":1,"command":"status"}"# + "\n"

  @Test("sends a client the status of the pods")
  func responds() async throws {
    try await withServer { server in
      let pods = try await ControlClient(server.socket).status(within: .seconds(300))
      #expect(pods == [sampleStatus])
    }
  }

  @Test("sends its response to a client that has closed its sending side")
  func halfClosed() async throws {
    try await withServer(handling: { _, reply in
      try? await Task.sleep(for: .milliseconds(100))
      await reply.send(ControlResponse(status: sampleStatus))
    }) { server in
      let client = try RawClient(server.socket)
      client.send(status)
      shutdown(client.file, Int32(SHUT_WR))
      let text = await client.rest()
      #expect(text.contains("web.1") && text.hasSuffix("{\"end\":true,\"version\":1}\n"))
    }
  }

  @Test(
    "refuses an invalid request in one line, and closes the connection",
    arguments: [
      "\n", "x\n", "{}\n", "{\"version\":1}\n", "[1,2]\n", "\u{0}\u{1}\u{2}\n",
      "{\"version\":1,\"command\":7}\n", "{\"version\":\"1\",\"command\":\"status\"}\n",
      String(repeating: "[", count: 60_000) + "\n",
    ])
  func garbage(_ request: String) async throws {
    try await withServer { server in
      let client = try RawClient(server.socket)
      client.send(request)
      let text = await client.rest()
      #expect(text.contains("\"error\"") && text.contains("\"end\":true"), "\(text)")
      #expect(text.filter { $0 == "\n" }.count == 1)
      #expect(try await ControlClient(server.socket).status(within: .seconds(300)).count == 1)
    }
  }

  @Test("refuses another protocol version, and names its own")
  func version() async throws {
    try await withServer { server in
      var request = ControlRequest(.status)
      request.version = 2
      let client = ControlClient(server.socket)
      await #expect(
        throws: ControlError.refused(
          "protocol version 2 is not supported: this executor has version 1")
      ) {
        _ = try await client.responses(to: request, within: .seconds(300))
      }
    }
  }

  @Test("refuses a megabyte without a newline")
  func endlessLine() async throws {
    try await withServer { server in
      let client = try RawClient(server.socket)
      client.send(String(repeating: "a", count: 1 << 20))
      #expect(await client.rest().contains("longer than 64 KiB"))
    }
  }

  @Test("disconnects a client that sends no request in time")
  func silent() async throws {
    var limits = ControlServer.Limits()
    limits.patience = .milliseconds(200)
    try await withServer(limits: limits) { server in
      let client = try RawClient(server.socket)
      client.send("{\"version\":1")
      #expect(await client.rest().contains("no request within"))
    }
  }

  @Test("disconnects a client that never reads, and serves others meanwhile")
  func neverReads() async throws {
    var limits = ControlServer.Limits()
    limits.patience = .seconds(3)
    let isCutOff = Mutex(false)
    let long = String(repeating: "x", count: 1 << 20)
    try await withServer(
      limits: limits,
      handling: { request, reply in
        guard request.command == "events" else { return await sampleHandler(request, reply) }
        while await reply.send(ControlResponse(task: long)) {}
        isCutOff.withLock { $0 = true }
      }
    ) { server in
      let client = try RawClient(server.socket)
      client.send("{\"version\":1,\"command\":\"events\"}\n")
      // The limit applies to requests too, and a busy machine can exceed it.
      try await eventually("a response to another client", within: .seconds(300)) {
        (try? await ControlClient(server.socket).status(within: .seconds(300)).count) == 1
      }
      try await eventually("the cut", within: .seconds(300)) { isCutOff.withLock { $0 } }
      withExtendedLifetime(client) {}
    }
  }

  @Test("cancels the handling of a request when its client is gone")
  func goneClient() async throws {
    let isCanceled = Mutex(false)
    try await withServer(handling: { _, reply in
      try? await Task.sleep(for: .seconds(60))
      isCanceled.withLock { $0 = Task.isCancelled }
    }) { server in
      var client: RawClient? = try RawClient(server.socket)
      client?.send(status)
      shutdown(client?.file ?? -1, Int32(SHUT_WR))
      client = nil
      try await eventually("the end", within: .seconds(300)) { isCanceled.withLock { $0 } }
    }
  }

  @Test("serves eight clients at a time, and refuses a ninth with a line")
  func ninth() async throws {
    try await withServer { server in
      let clients = try (0..<8).map { _ in try RawClient(server.socket) }
      await #expect(throws: ControlError.refused("8 connections are open: try again")) {
        _ = try await ControlClient(server.socket).status(within: .seconds(300))
      }
      withExtendedLifetime(clients) {}
    }
  }

  @Test("keeps nothing of a client that is gone")
  func forgets() async throws {
    let held = Mutex(WeakReply())
    try await withServer(handling: { _, reply in
      held.withLock { $0.reply = reply }
      await reply.send(ControlResponse(status: sampleStatus))
    }) { server in
      #expect(try await ControlClient(server.socket).status(within: .seconds(300)).count == 1)
      // A request may take as long as the limit of two minutes. This limit is shorter.
      try await eventually("the end", within: .seconds(180)) { held.withLock { $0.reply == nil } }
    }
  }

  private struct WeakReply { weak var reply: ControlReply? }

  @Test(
    "reserves connections for root, however many clients of the group follow events",
    .enabled(if: geteuid() == 0, "needs root"))
  func placeForRoot() async throws {
    let open = Mutex(0)
    try await withServer(
      group: 4321,
      handling: { request, reply in
        guard request.command == "events" else { return await sampleHandler(request, reply) }
        open.withLock { $0 += 1 }
        try? await Task.sleep(for: .seconds(120))
      }
    ) { server in
      let followers = (0..<8).map { _ in
        Task { try await ask(server.socket, groups: "4321", request: "events") }
      }
      try await eventually("six followers", within: .seconds(180)) { open.withLock { $0 } == 6 }
      try await eventually("a response to root", within: .seconds(180)) {
        (try? await ControlClient(server.socket).status(within: .seconds(180)).count) == 1
      }
      let more = try await ask(server.socket, groups: "4321")
      #expect(more.contains("6 connections of the group are open: try again"), "\(more)")
      await server.stop()
      var refused = 0
      for follower in followers {
        if try await follower.value.contains("connections of the group are open") { refused += 1 }
      }
      #expect(refused == 2)
    }
  }

  @Test("survives a thousand connections")
  func thousand() async throws {
    try await withServer { server in
      for _ in 0..<1000 {
        let file = UnixSocket.connect(server.socket.path, waits: false)
        if let file { close(file) }
      }
      try await eventually("a place", within: .seconds(300)) {
        (try? await ControlClient(server.socket).status(within: .seconds(300)).count) == 1
      }
    }
  }

  @Test("disappears with its server, which waits for a response in progress")
  func stops() async throws {
    let isInProgress = Mutex(false)
    try await withServer(handling: { _, reply in
      isInProgress.withLock { $0 = true }
      try? await Task.sleep(for: .milliseconds(200))
      await reply.send(ControlResponse(status: sampleStatus))
    }) { server in
      let client = try RawClient(server.socket)
      client.send(status)
      try await eventually("a response in progress") { isInProgress.withLock { $0 } }
      await server.stop(within: .seconds(300))
      #expect(await client.rest().contains("\"end\":true"))
      await #expect(throws: ControlError.absent) {
        _ = try await ControlClient(server.socket).status(within: .seconds(300))
      }
    }
  }

  @Test(
    "serves only root and the operator's group, whatever the mode of its file",
    .enabled(if: geteuid() == 0, "needs root"))
  func users() async throws {
    try await withServer(group: 4321) { server in
      var status = stat()
      #expect(lstat(server.socket.path, &status) == 0 && status.st_mode & 0o777 == 0o660)
      #expect(status.st_gid == 4321)
      #expect(lstat(server.socket.directory, &status) == 0 && status.st_mode & 0o777 == 0o750)
      #expect(status.st_gid == 4321)
      let member = try await ask(server.socket, groups: "4321")
      #expect(member.contains("web.1"))
      #expect(try await ask(server.socket, groups: "4322") == "PermissionError\n")
      // The file's mode now permits every user.
      chmod(server.socket.directory, 0o755)
      chmod(server.socket.path, 0o666)
      #expect(try await ask(server.socket, groups: "4322").contains("user 65534 may not query"))
      #expect(try await ask(server.socket, groups: "4322,4321").contains("web.1"))
    }
    try await withServer { server in
      var status = stat()
      #expect(lstat(server.socket.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
      #expect(lstat(server.socket.directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
    }
  }

  /// Sends a request as another user.
  private func ask(
    _ socket: ControlSocket, groups: String, request: String = "status"
  ) async throws -> String {
    let program = """
      import socket, sys
      s = socket.socket(socket.AF_UNIX)
      try: s.connect(sys.argv[1])
      except Exception as e: sys.exit(print(type(e).__name__))
      try: s.sendall(b'{"version":1,"command":"%s"}\\n' % sys.argv[2].encode())
      except OSError: pass
      while True:
        d = s.recv(65536)
        if not d: break
        sys.stdout.write(d.decode())
      """
    return try await Command(
      "setpriv",
      [
        "--reuid", "65534", "--regid", "65534", "--groups", groups, "python3", "-c", program,
        socket.path, request,
      ]
    ).run().stdout
  }
}
