import Foundation
import Linux
import PodIdentity
import TestSupport
import Testing

@testable import PodControl

@Suite("The name of a control socket")
struct ControlSocketTests {
  private let owner = Incarnation(bootID: nil, pid: 42, startTime: 7)

  @Test(
    "is parsed into the same value",
    arguments: [
      "r", "0c8b8f7e-3ad1-4b43-9a01-6bd4c6d1f1aa", "a.b.c", "..x",
      String(repeating: "ü", count: 60),
      String(repeating: "x", count: 255), " ", "-",
    ])
  func roundTrip(_ run: String) throws {
    let socket = ControlSocket(run: run, incarnation: owner)
    #expect(ControlSocket(name: socket.name) == socket)
    #expect(socket.path.utf8.count < 108)
  }

  @Test("differs between runs with a common prefix")
  func long() {
    let runs = ["a", "b"].map { String(repeating: "x", count: 200) + $0 }
    #expect(Set(runs.map { ControlSocket(run: $0, incarnation: owner).name }).count == 2)
  }

  @Test(
    "has no other form",
    arguments: [
      "", "a", "a.1", ".1.2", "a.b.c", "a.-1.2", "a.+1.2", "a.01.2", "a/b.1.2", "a.1.2.x",
    ]
  )
  func others(_ name: String) { #expect(ControlSocket(name: name) == nil) }

  @Test(
    "leads to no other directory, whatever run a label contains",
    arguments: ["../../../tmp/x", "/", "a/b", "a/", "..", ".", "", "a\0b", "a\nb", "../\u{338}x"])
  func steered(_ run: String) throws {
    let socket = ControlSocket(run: run, incarnation: owner)
    #expect(!socket.name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 })
    #expect(ControlSocket(name: socket.name) == socket)
    #expect(socket.name != ControlSocket(run: run + "x", incarnation: owner).name)
  }

  @Test("is removed if its process is dead or none can listen, and no other file is removed")
  func abandoned() async throws {
    try await withTemporaryDirectory { directory in
      let gone = try await Command("sh", ["-c", "echo $$"]).output()
      let alive = ControlSocket(run: "r", incarnation: .current()).name
      let names = ["a.\(gone).1", "b.0.0", "l.0.0", "n.0.0", alive, "other"]
      // One socket has a listener, the other is bound and will have one.
      var kept: [Int32] = []
      defer { for file in kept { close(file) } }
      for name in names {
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #expect(UnixSocket.bind(file, to: directory.path(name), mode: 0o600) == 0)
        if name == "l.0.0" { #expect(listen(file, 1) == 0) }
        if ["l.0.0", "n.0.0"].contains(name) { kept.append(file) } else { close(file) }
      }
      // A process that another test starts has a descriptor until it executes its program.
      for name in names where !["l.0.0", "n.0.0"].contains(name) {
        try await eventually("no process has \(name)") {
          UnixSocket.isAbandoned(directory.path(name))
        }
      }
      try directory.write("c.\(gone).1", "a file")
      try directory.write("f.0.0", "a file")
      mkdir(directory.path("d.\(gone).1"), 0o700)
      symlink(directory.path("other"), directory.path("e.\(gone).1"))
      let removed = ControlDirectory.removeAbandoned(in: directory.path)
      #expect(removed == [directory.path("a.\(gone).1"), directory.path("b.0.0")])
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(
        Set(left)
          == Set(
            [alive, "l.0.0", "n.0.0", "f.0.0", "other", "c.\(gone).1", "d.\(gone).1"]
              + ["e.\(gone).1"]))
    }
  }

  @Test("is in no directory that other users can write to, nor behind a symbolic link")
  func directory() async throws {
    try await withTemporaryDirectory { directory in
      func made(_ name: String) -> Bool {
        let socket = ControlSocket(
          run: "r", incarnation: .current(), directory: directory.path(name))
        return (try? ControlServer(socket, group: nil, handle: sampleHandler)) != nil
      }
      mkdir(directory.path("open"), 0o700)
      chmod(directory.path("open"), 0o777)
      mkdir(directory.path("real"), 0o700)
      symlink(directory.path("real"), directory.path("link"))
      try directory.write("file", "")
      #expect(!made("open") && !made("link") && !made("file") && !made("no/such/place"))
      #expect(made("real"))
    }
  }
}

@Suite("A client of a control socket")
struct ControlClientTests {
  /// Acts as an executor that sends this text and closes the connection.
  private func error(
    after text: String?, within limit: Duration = .seconds(120)
  ) async throws -> ControlError? {
    try await withTemporaryDirectory { directory in
      let socket = ControlSocket(run: "r", incarnation: .current(), directory: directory.path)
      let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      #expect(UnixSocket.bind(listener, to: socket.path, mode: 0o600) == 0)
      #expect(listen(listener, 1) == 0)
      async let result: ControlError? = {
        do throws(ControlError) {
          _ = try await ControlClient(socket).status(within: limit)
          return nil
        } catch {
          return error
        }
      }()
      let client = try await onThread { GNU.accept4(listener, nil, nil, O_CLOEXEC) }
      if let text {
        _ = Glibc.send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        close(client)
      }
      let found = await result
      if text == nil { close(client) }
      return found
    }
  }

  @Test("reports a broken connection when an executor is killed while it responds")
  func broken() async throws {
    #expect(try await error(after: "") == .broken)
    #expect(try await error(after: "{\"version\":1,\"sta") == .broken)
    #expect(try await error(after: "{\"version\":1}\n") == .broken)
  }

  @Test("waits no longer than its time limit")
  func silent() async throws {
    #expect(try await error(after: nil, within: .milliseconds(500)) == .silent)
  }

  @Test("waits no longer than its time limit if the lines never stop", .timeLimit(.minutes(3)))
  func endless() async throws {
    try await withTemporaryDirectory { directory in
      let socket = ControlSocket(run: "r", incarnation: .current(), directory: directory.path)
      let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      #expect(UnixSocket.bind(listener, to: socket.path, mode: 0o600) == 0)
      #expect(listen(listener, 1) == 0)
      async let flood: Void = onThread {
        let client = GNU.accept4(listener, nil, nil, O_CLOEXEC)
        defer { close(client) }
        let lines = String(repeating: "{\"version\":1}\n", count: 1000)
        for _ in 0..<100 {
          let sent = Glibc.send(client, lines, lines.utf8.count, Int32(MSG_NOSIGNAL))
          if sent <= 0 { return }
        }
        // The connection stays open, so that only the time limit can stop the wait.
        var byte: UInt8 = 0
        _ = read(client, &byte, 1)
        _ = read(client, &byte, 1)
      }
      let connection = ControlClient(socket)
      await #expect(throws: ControlError.silent) {
        _ = try await connection.responses(to: ControlRequest(.status), within: .milliseconds(1))
      }
      try await flood
    }
  }

  @Test("refuses a response that it doesn't understand")
  func garbled() async throws {
    #expect(try await error(after: "hello\n") == .garbled)
    #expect(
      try await error(after: "{\"version\":1,\"error\":\"no\",\"end\":true}\n") == .refused("no"))
  }

  @Test("detects that another process listens in the executor's place")
  func stranger() async throws {
    try await withTemporaryDirectory { directory in
      let socket = ControlSocket(
        run: "r", incarnation: Incarnation(bootID: nil, pid: 1, startTime: 1),
        directory: directory.path)
      let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      #expect(UnixSocket.bind(listener, to: socket.path, mode: 0o600) == 0)
      #expect(listen(listener, 1) == 0)
      await #expect(throws: ControlError.stranger) {
        _ = try await ControlClient(socket).status()
      }
    }
  }

  @Test("detects a missing socket and one without a listener")
  func absent() async throws {
    try await withTemporaryDirectory { directory in
      let socket = ControlSocket(run: "r", incarnation: .current(), directory: directory.path)
      await #expect(throws: ControlError.absent) { _ = try await ControlClient(socket).status() }
      let file = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      #expect(UnixSocket.bind(file, to: socket.path, mode: 0o600) == 0)
      close(file)
      await #expect(throws: ControlError.absent) { _ = try await ControlClient(socket).status() }
    }
  }
}
