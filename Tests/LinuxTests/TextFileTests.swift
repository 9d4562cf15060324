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
    try await withTemporaryFolder { folder in
      try folder.write("file", "text \n")
      symlink("file", folder.path("link"))
      for name in ["file", "link"] {
        #expect(try TextFile.regular(folder.path(name)) == "text \n")
      }
      #expect(throws: Errno.fileTooLarge) { try TextFile.regular(folder.path("file"), limit: 5) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try TextFile.regular(folder.path("none")) }
    }
  }

  @Test("is refused at once if it isn't regular", .timeLimit(.minutes(1)))
  func others() async throws {
    try await withTemporaryFolder { folder in
      mkfifo(folder.path("fifo"), 0o600)
      symlink("fifo", folder.path("to-fifo"))
      symlink("/dev/zero", folder.path("zero"))
      mkdir(folder.path("folder"), 0o700)
      for name in ["fifo", "to-fifo", "zero", "folder"] {
        #expect(throws: Errno.invalidArgument, "\(name)") {
          try TextFile.regular(folder.path(name))
        }
      }
    }
  }
}
