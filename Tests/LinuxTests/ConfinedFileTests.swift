import Foundation
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A file that is permitted only in some directories")
struct ConfinedFileTests {
  @Test(
    "is never an executor's own, whatever directory is listed and whatever path is used",
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
