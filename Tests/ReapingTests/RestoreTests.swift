import Foundation
import HookEvents
import Logging
import PodIdentity
import Program
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Linux

@testable import Reaping

@Suite("A socket of the service that disappears")
struct RestoreTests {
  enum Kind: String, CaseIterable { case lease, hook, control }

  /// A listener below a directory, with what it has received.
  private struct Listener {
    let socket: any Restorable
    let path: String
    let stop: () -> Void
  }

  private func make(_ kind: Kind, _ directory: String) throws -> Listener {
    let path = "\(directory)/\(kind.rawValue).sock"
    switch kind {
    case .lease:
      let server = try LeaseServer(path: path, log: Logger(label: "test")) { _ in }
      return Listener(socket: server, path: path) { server.stop() }
    case .hook:
      let listener = try HookEventListener(
        socket: path, spool: directory + "/spool", log: Logger(label: "test")
      ) {
        _ in
      }
      return Listener(socket: listener, path: path) { listener.stop() }
    case .control:
      let server = try LineServer(.unix(path: path)) { "answer to \($0)" }
      return Listener(socket: server, path: path) { server.stop() }
    }
  }

  private func inode(_ path: String) -> ino_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_ino : nil
  }

  /// Whether a socket of this kind has a listener.
  private func isReached(_ path: String, _ kind: Kind) -> Bool {
    let type = kind == .hook ? SOCK_DGRAM : SOCK_STREAM
    let file = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(file) }
    return UnixSocket.withAddress(path) { Glibc.connect(file, $0, $1) } == 0
  }

  @Test("is unchanged while it exists", arguments: Kind.allCases)
  func inPlace(_ kind: Kind) async throws {
    try await withTemporaryDirectory { directory in
      let listener = try make(kind, directory.path)
      defer { listener.stop() }
      let before = inode(listener.path)
      for _ in 0..<3 { #expect(try listener.socket.restore() == []) }
      #expect(inode(listener.path) == before && isReached(listener.path, kind))
    }
  }

  @Test("is bound again after its removal", arguments: Kind.allCases)
  func removed(_ kind: Kind) async throws {
    try await withTemporaryDirectory { directory in
      let listener = try make(kind, directory.path)
      defer { listener.stop() }
      for _ in 0..<3 {
        let before = try #require(inode(listener.path))
        unlink(listener.path)
        #expect(!isReached(listener.path, kind))
        #expect(try listener.socket.restore() == [listener.path])
        #expect(inode(listener.path) != before && isReached(listener.path, kind))
      }
      listener.stop()
      #expect(inode(listener.path) == nil)
    }
  }

  @Test(
    "is bound again if its directory is removed or renamed, and a new one exists",
    arguments: Kind.allCases)
  func directory(_ kind: Kind) async throws {
    try await withTemporaryDirectory { directory in
      let run = directory.path("run")
      try PrivateFile.directory(run)
      let listener = try make(kind, run)
      defer { listener.stop() }
      #expect(rename(run, run + ".old") == 0)
      #expect(throws: RestoreFailure.self) { try listener.socket.restore() }
      try PrivateFile.directory(run)
      #expect(try listener.socket.restore().contains(listener.path))
      #expect(isReached(listener.path, kind))
      // The listener can be creating a file in it meanwhile.
      try await eventually("the directory is gone") {
        try? FileManager.default.removeItem(atPath: run)
        return !FileManager.default.fileExists(atPath: run)
      }
      try PrivateFile.directory(run)
      #expect(try listener.socket.restore().contains(listener.path))
      #expect(isReached(listener.path, kind))
      #expect(try listener.socket.restore() == [])
    }
  }

  @Test(
    "is left alone if a foreign socket or file has replaced it, now and at the end",
    arguments: Kind.allCases, [SOCK_STREAM, SOCK_DGRAM])
  func foreign(_ kind: Kind, _ type: __socket_type) async throws {
    try await withTemporaryDirectory { directory in
      let listener = try make(kind, directory.path)
      defer { listener.stop() }
      unlink(listener.path)
      // Bound, and not listening yet: it is foreign nevertheless.
      let other = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(other) }
      #expect(UnixSocket.bind(other, to: listener.path, mode: 0o600) == 0)
      let theirs = inode(listener.path)
      let failure = RestoreFailure(path: listener.path, reason: .addressInUse)
      #expect(throws: failure) { try listener.socket.restore() }
      #expect(failure.description.contains("was replaced by another program"))
      #expect(inode(listener.path) == theirs)
      listener.stop()
      #expect(inode(listener.path) == theirs)
    }
    try await withTemporaryDirectory { directory in
      let listener = try make(kind, directory.path)
      unlink(listener.path)
      try directory.write("\(kind.rawValue).sock", "somebody's")
      #expect(throws: RestoreFailure.self) { try listener.socket.restore() }
      listener.stop()
      #expect(try String(contentsOfFile: listener.path, encoding: .utf8) == "somebody's")
    }
  }

  @Test("needs no more descriptors, however often it is bound again", arguments: Kind.allCases)
  func descriptors(_ kind: Kind) async throws {
    try await withTemporaryDirectory { directory in
      let listener = try make(kind, directory.path)
      defer { listener.stop() }
      func own() throws -> Int {
        let table = try TextFile.text("/proc/net/unix")
        return table.split(separator: "\n").filter { $0.hasSuffix(listener.path) }.count
      }
      #expect(try own() == 1, "\(listener.path)")
      for _ in 0..<50 {
        unlink(listener.path)
        #expect(try listener.socket.restore() == [listener.path])
      }
      try await eventually("one socket of that path") { try own() == 1 }
    }
  }

  @Test("keeps serving the holder of a lease on the old one")
  func heldLease() async throws {
    try await withTemporaryDirectory { directory in
      let released = Mutex(0)
      let path = directory.path("lease.sock")
      let server = try LeaseServer(path: path, limits: .patient(), log: Logger(label: "test")) {
        if case .released = $0 { released.withLock { $0 += 1 } }
      }
      defer { server.stop() }
      let client = try #require(UnixSocket.connect(path))
      defer { close(client) }
      func say(_ text: String) { _ = send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }
      say("LEASE 1 run-1\n")
      var bytes = [UInt8](repeating: 0, count: 16)
      #expect(recv(client, &bytes, bytes.count, 0) == 3)
      unlink(path)
      #expect(try server.restore() == [path])
      say("RELEASE\n")
      try await eventually("the release") { released.withLock { $0 } == 1 }
    }
  }

  @Test("loses no event in the spool of a directory that is created again")
  func spool() async throws {
    try await withTemporaryDirectory { directory in
      let run = directory.path("run")
      try PrivateFile.directory(run)
      let heard = Mutex(0)
      let listener = try HookEventListener(
        socket: run + "/notify.sock", spool: run + "/spool", log: Logger(label: "test")
      ) { _ in heard.withLock { $0 += 1 } }
      defer { listener.stop() }
      #expect(rename(run, run + ".old") == 0)
      try PrivateFile.directory(run)
      // The listener's own check can have created the spool just before.
      let made = try listener.restore()
      #expect(Set([run + "/notify.sock", run + "/spool"]).isSuperset(of: made))
      #expect(made.contains(run + "/notify.sock"))
      #expect(FileManager.default.fileExists(atPath: run + "/spool"))
      let notify = Command(
        BuiltProgram.beside("pod-hook-notify"),
        ["removed", "--framework", "f", "--executor", "e", "--run-dir", run])
      #expect(try await notify.run().status == .exited(0))
      try await eventually("the event") { heard.withLock { $0 } == 1 }
    }
  }
}
