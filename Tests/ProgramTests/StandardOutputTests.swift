import Glibc
import TestSupport
import Testing

@testable import Program

@Suite("Text on standard output")
struct StandardOutputTests {
  @Test("that meets a full disk causes an error with the reason")
  func full() throws {
    let file = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    #expect(StandardOutput.put("text\n", to: file) == ENOSPC)
    #expect(StandardOutput.put("text\n", to: -1) == EBADF)
    #expect(
      StandardOutput.failure(ENOSPC)
        == "standard output can't be written: No space left on device")
  }

  @Test("whose reader is gone causes no error")
  func gone() async throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    try #require(GNU.pipe2(&ends, O_CLOEXEC) == 0)
    let output = ends[1]
    close(ends[0])
    defer { close(output) }
    // A process that another test starts has the reading end until it executes its program.
    try await eventually("a broken pipe") { StandardOutput.put("text\n", to: output) == EPIPE }
    #expect(StandardOutput.failure(EPIPE) == nil)
  }
}
