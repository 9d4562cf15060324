import Foundation
import Linux
import TestSupport
import Testing

@Suite("A unix socket")
struct UnixSocketTests {
  @Test("that accepts no connection doesn't block a client", .timeLimit(.minutes(3)))
  func fullQueue() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("s")
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      var files = [socket(AF_UNIX, type, 0)]
      defer { for file in files { close(file) } }
      #expect(UnixSocket.bind(files[0], to: path, mode: 0o600) == 0)
      #expect(listen(files[0], 0) == 0)
      while let client = UnixSocket.connect(path, waits: false) { files.append(client) }
      #expect(errno == EAGAIN)
      let connected = try await onThread { UnixSocket.connect(path) }
      #expect(connected == nil)
      let found = try await onThread { UnixSocket.listener(path) }
      #expect(found == nil)
    }
  }

  @Test("is abandoned only if no process can listen on it anymore")
  func abandoned() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("s")
      let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      #expect(UnixSocket.bind(file, to: path, mode: 0o600) == 0)
      #expect(!UnixSocket.isAbandoned(path))
      #expect(listen(file, 0) == 0)
      for _ in 0..<4 { #expect(!UnixSocket.isAbandoned(path)) }
      close(file)
      // A process that another test starts has the descriptor until it executes its program.
      try await eventually("no process has the socket") { UnixSocket.isAbandoned(path) }
      #expect(!UnixSocket.isAbandoned(directory.path("none")))
    }
  }
}
