import Foundation
import TestSupport
import Testing

@testable import DockerEngine

@Suite("Files for a container")
struct FileArchiveTests {
  @Test("are unpacked by tar with their modes, owners and long paths")
  func unpacked() async throws {
    let long = (1...12).map { "directory-number-\($0)" }.joined(separator: "/") + "/file"
    let archive = FileArchive(files: [
      FileArchive.File(path: "/run/secrets/one", content: Array("one".utf8), mode: 0o400),
      FileArchive.File(
        path: long, content: [UInt8](repeating: 0x61, count: 1024), mode: 0o640, uid: 12,
        gid: 3_000_000_000),
      FileArchive.File(path: "empty", content: [], mode: 0o444),
    ])
    let bytes = try #require(archive.bytes(time: 1_700_000_000))
    #expect(bytes.count % 512 == 0)
    try await withTemporaryDirectory { directory in
      let file = directory.path + "/files.tar"
      try Data(bytes).write(to: URL(fileURLWithPath: file))
      let listed = try await Command(
        "tar", ["--numeric-owner", "--full-time", "--utc", "-tvf", file]
      ).output().split(separator: "\n").map { line in
        line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
      }
      #expect(
        listed == [
          "-r-------- 0/0 3 2023-11-14 22:13:20 run/secrets/one",
          "-rw-r----- 12/3000000000 1024 2023-11-14 22:13:20 \(long)",
          "-r--r--r-- 0/0 0 2023-11-14 22:13:20 empty",
        ])
      try await Command("tar", ["-xf", file, "run/secrets/one"], directory: directory.path).output()
      #expect(
        try String(contentsOfFile: directory.path + "/run/secrets/one", encoding: .utf8) == "one")
    }
  }

  @Test("are refused if a path is too long for an archive")
  func tooLong() {
    let name = String(repeating: "a", count: 101)
    #expect(
      FileArchive(files: [FileArchive.File(path: name, content: [], mode: 0o444)]).bytes(time: 0)
        == nil)
  }
}
