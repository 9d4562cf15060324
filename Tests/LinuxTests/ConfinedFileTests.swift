import Foundation
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A file that may be in some directories only")
struct ConfinedFileTests {
  @Test(
    "is never one of the executors' own, whichever directory is listed and whatever leads there",
    .enabled(if: getuid() == 0), arguments: ["/", "/run", HostDirectory.path])
  func ownDirectory(listed: String) async throws {
    mkdir(HostDirectory.path, 0o755)
    let path = "\(HostDirectory.path)/test-\(UUID().uuidString)"
    try "secret".write(toFile: path, atomically: false, encoding: .utf8)
    defer { unlink(path) }
    try await withTemporaryFolder { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("link"), withDestinationPath: path)
      for name in [path, folder.path("link"), path + "-absent"] {
        #expect(throws: Errno.improperLink) {
          close(try ConfinedFile.open(name, within: [listed]))
        }
      }
      try folder.write("own", "")
      close(try ConfinedFile.open(folder.path("own"), within: ["/"]))
    }
  }
}
