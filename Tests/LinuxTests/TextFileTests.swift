import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A file that can have been replaced by something else")
struct TextFileTests {
  @Test("is read if it is a regular file, also through a link")
  func regular() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("file", "text \n")
      symlink("file", directory.path("link"))
      for name in ["file", "link"] {
        #expect(try TextFile.regular(directory.path(name)) == "text \n")
      }
      #expect(throws: Errno.fileTooLarge) { try TextFile.regular(directory.path("file"), limit: 5) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try TextFile.regular(directory.path("none")) }
    }
  }

  @Test("is refused at once if it isn't regular", .timeLimit(.minutes(1)))
  func others() async throws {
    try await withTemporaryDirectory { directory in
      mkfifo(directory.path("fifo"), 0o600)
      symlink("fifo", directory.path("to-fifo"))
      symlink("/dev/zero", directory.path("zero"))
      mkdir(directory.path("directory"), 0o700)
      for name in ["fifo", "to-fifo", "zero", "directory"] {
        #expect(throws: Errno.invalidArgument, "\(name)") {
          try TextFile.regular(directory.path(name))
        }
      }
    }
  }
}
