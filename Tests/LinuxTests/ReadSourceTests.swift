import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Linux

@Suite("A watched descriptor")
struct ReadSourceTests {
  private final class Count: Sendable {
    let value = Mutex(0)
  }

  /// A source on a pipe that reads all input, and the number of bytes.
  private func watched() throws -> (source: ReadSource, count: Count, input: Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(GNU.pipe2(&ends, O_CLOEXEC) == 0)
    let (output, count) = (ends[0], Count())
    let source = ReadSource(output, on: DispatchQueue(label: "test")) {
      var bytes = [UInt8](repeating: 0, count: 16)
      let length = read(output, &bytes, bytes.count)
      count.value.withLock { $0 += max(0, length) }
    }
    return (source, count, ends[1])
  }

  @Test("that is paused, even twice, is read later")
  func paused() async throws {
    let (source, count, input) = try watched()
    for _ in 1...2 { source.pause(milliseconds: 50) }
    #expect(write(input, "abc", 3) == 3)
    try await eventually("it is read") { count.value.withLock { $0 } == 3 }
    #expect(write(input, "d", 1) == 1)
    try await eventually("what comes later is read") { count.value.withLock { $0 } == 4 }
    source.cancel()
    close(input)
  }

  @Test("is closed by its cancellation, paused or not", arguments: [false, true])
  func canceled(isPaused: Bool) async throws {
    let (source, _, input) = try watched()
    // Writing to a pipe without a reader returns an error in place of a signal.
    signal(SIGPIPE, SIG_IGN)
    if isPaused { source.pause(milliseconds: 3_600_000) }
    source.cancel()
    try await eventually("it is closed") { write(input, "x", 1) < 0 && errno == EPIPE }
    close(input)
  }
}
