import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Linux

@Suite("A pinned mount", .enabled(if: geteuid() == 0))
struct PinnedMountsTests {
  private func text(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("is the original file, whatever replaces its path; after unpinning, nothing is left")
  func pinned() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("box/data/file", "inside")
      try directory.write("outside/file", "outside")
      let mounts = PinnedMounts(directory: directory.path("mounts/run"), process: nil)
      let data = try mounts.pin(directory.path("box/data"), as: "0", makes: false)
      let file = try mounts.pin(directory.path("box/data/file"), as: "1", makes: false)
      try FileManager.default.removeItem(atPath: directory.path("box/data"))
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("box/data"), withDestinationPath: directory.path("outside"))
      #expect(text(file) == "inside")
      #expect(text(data + "/file") == nil)
      for name in ["0", "1", "1"] { try mounts.unpin(name) }
      #expect(!FileManager.default.fileExists(atPath: mounts.directory))
    }
  }

  @Test("is not created from a link, in any part of the path")
  func links() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("outside/dir/file", "outside")
      try directory.write("box/plain/file", "inside")
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("box/link"), withDestinationPath: directory.path("outside"))
      let mounts = PinnedMounts(directory: directory.path("mounts"), process: nil)
      for path in ["box/link", "box/link/dir", "box/link/dir/file"] {
        for makes in [false, true] {
          #expect(throws: Errno.tooManySymbolicLinkLevels) {
            try mounts.pin(directory.path(path), as: "0", makes: makes)
          }
        }
      }
      #expect(throws: Errno.invalidArgument) {
        try mounts.pin(directory.path("box/../outside"), as: "0", makes: false)
      }
      #expect(throws: Errno.noSuchFileOrDirectory) {
        try mounts.pin(directory.path("box/new/deep"), as: "0", makes: false)
      }
      let made = try mounts.pin(directory.path("box/new/deep"), as: "0", makes: true)
      try Data("x".utf8).write(to: URL(fileURLWithPath: directory.path("box/new/deep/file")))
      #expect(text(made + "/file") == "x")
      try mounts.unpin("0")
    }
  }

  @Test("never shows the outside while a link replaces the path, ten thousand times")
  func swapped() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("box/data/file", "inside")
      try directory.write("outside/file", "outside")
      let (path, other, link) = (
        directory.path("box/data"), directory.path("box/away"), directory.path("box/link")
      )
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: directory.path("outside"))
      let mounts = PinnedMounts(directory: directory.path("mounts"), process: nil)
      let swapper = Swapper(path: path, other: other, link: link)
      Thread.detachNewThread { swapper.run() }
      var found: [String: Int] = [:]
      while swapper.swaps.load(ordering: .relaxed) < 10_000 || (found["inside"] ?? 0) < 100 {
        do throws(Errno) {
          let pinned = try mounts.pin(path, as: "0", makes: false)
          found[text(pinned + "/file") ?? "nothing", default: 0] += 1
          try mounts.unpin("0")
        } catch {
          found["\(error)", default: 0] += 1
        }
        await Task.yield()
      }
      swapper.isOver.store(true, ordering: .relaxed)
      #expect(found["outside"] == nil && (found["inside"] ?? 0) >= 100, "\(found)")
    }
  }
}

/// Repeatedly replaces a directory by a link and restores it, as fast as it can.
private final class Swapper: Sendable {
  let isOver = Atomic(false)
  let swaps = Atomic(0)
  private let path: String
  private let other: String
  private let link: String

  init(path: String, other: String, link: String) {
    (self.path, self.other, self.link) = (path, other, link)
  }

  func run() {
    while !isOver.load(ordering: .relaxed) {
      rename(path, other)
      rename(link, path)
      rename(path, link)
      rename(other, path)
      swaps.add(1, ordering: .relaxed)
    }
  }
}
