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
    try await withTemporaryDirectory { directory in
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("link"), withDestinationPath: path)
      for name in [path, directory.path("link"), path + "-absent"] {
        #expect(throws: Errno.improperLink) {
          close(try ConfinedFile.open(name, within: [listed]))
        }
      }
      try directory.write("own", "")
      close(try ConfinedFile.open(directory.path("own"), within: ["/"]))
    }
  }
}
