import Foundation
import Linux
import TestSupport
import Testing

@Suite("The real path")
struct RealPathTests {
  private static let parts = ["dir", "file", "up", "out", "broken", "loop", "none", "..", ".", ""]

  /// Every path of up to three of the parts.
  private static var texts: [String] {
    var texts = [""]
    var longest = [""]
    for _ in 0..<3 {
      longest = longest.flatMap { text in parts.map { text + "/" + $0 } }
      texts += longest
    }
    return texts
  }

  @Test("equals the result of realpath -m, also for missing files, and behind links")
  func everyPath() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("root/dir/inner", "")
      try directory.write("root/file", "")
      symlink("..", directory.path("root/up"))
      symlink("/proc/self", directory.path("root/out"))
      symlink("nowhere/at/all", directory.path("root/broken"))
      symlink("loop", directory.path("root/loop"))
      let root = directory.path("root")
      let paths = Self.texts.map { root + $0 }
      try directory.write("paths", paths.joined(separator: "\0"))
      let output = try await Command(
        "/bin/sh", ["-c", "xargs -0 realpath -m < \(directory.path("paths"))"]
      ).output()
      let expected = output.split(separator: "\n").map(String.init)
      #expect(expected.count == paths.count && paths.count > 1000)
      for (path, expected) in zip(paths, expected) where !expected.hasPrefix("/proc/") {
        #expect(RealPath.of(path) == expected, "\(path)")
      }
    }
  }

  @Test("of a relative path is below the working directory")
  func relative() {
    let current = FileManager.default.currentDirectoryPath
    let real = RealPath.ofExisting(current)
    #expect(RealPath.of(".") == real && RealPath.of("") == real)
    #expect(RealPath.of("none/../none/x") == real.map { $0 + "/none/x" })
    #expect(RealPath.of("/") == "/" && RealPath.of("/..") == "/" && RealPath.of("/none") == "/none")
  }

  @Test("is at or below a directory only by whole names")
  func names() {
    #expect(RealPath.isPath("/a", atOrBelow: "/a") && RealPath.isPath("/a/b", atOrBelow: "/a"))
    #expect(RealPath.isPath("/a", atOrBelow: "/") && RealPath.isPath("/a/b", atOrBelow: "/a/"))
    #expect(!RealPath.isPath("/ab", atOrBelow: "/a") && !RealPath.isPath("/", atOrBelow: "/a"))
  }
}
