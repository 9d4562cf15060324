import Foundation
import TestSupport
import Testing

@testable import Program

/// Log lines while their reader has stopped.
@Suite("Log lines on standard error")
struct LineSinkTests {
  enum Kind: CaseIterable { case pipe, socket }

  private func ends(_ kind: Kind) -> [Int32] {
    var ends: [Int32] = [0, 0]
    switch kind {
    case .pipe:
      #expect(GNU.pipe2(&ends, O_CLOEXEC) == 0)
      _ = fcntl(ends[1], 1031, 4096)  // F_SETPIPE_SZ
    case .socket:
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      #expect(socketpair(AF_UNIX, type, 0, &ends) == 0)
      var size: Int32 = 4096
      setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, 4)
    }
    return ends
  }

  @Test(
    "that aren't read delay the writer once, briefly, and are counted",
    arguments: Kind.allCases)
  func unread(kind: Kind) throws {
    let ends = ends(kind)
    defer { for end in ends { close(end) } }
    var sink = LineSink(descriptor: ends[1])
    let text = String(repeating: "x", count: 700)
    let start = ContinuousClock.now
    for number in 1...200 { sink.write("line \(number) \(text)") }
    // With blocking writes, the test would never get here.
    #expect(ContinuousClock.now - start < .seconds(120))
    let dropped = sink.dropped
    #expect(dropped > 100 && dropped < 200)

    // The descriptor's flags are unchanged.
    #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
    var read: [UInt8] = []
    func drain() {
      var poll = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while Glibc.poll(&poll, 1, 0) == 1, poll.revents & Int16(POLLIN) != 0 {
        let count = Glibc.read(ends[0], &buffer, buffer.count)
        if count <= 0 { return }
        read += buffer[..<count]
      }
    }
    drain()
    sink.write("after")
    drain()
    let lines = String(decoding: read, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines.last == "after")
    #expect(
      lines.dropLast().last == "(\(dropped) lines were not written: no process read standard error)"
    )
    // One line may have been abandoned in the middle. No other line is mixed with it.
    let whole = lines.dropLast(2).filter { $0.hasSuffix(text) }
    #expect(whole.count >= lines.count - 3)
    #expect(sink.dropped == 0)
  }

  @Test("are appended to a file that other processes share")
  func file() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(descriptor) }
    var sink = LineSink(descriptor: descriptor)
    sink.write("one")
    _ = Glibc.write(descriptor, "between\n", 8)
    sink.write("two")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\nbetween\ntwo\n")
  }
}
