import Foundation
import TestSupport
import Testing

@testable import Executor

@Suite("The notice that a host has no restrictions")
struct UnrestrictedNoticeTests {
  @Test("is printed by the first launch on a host, and by no other")
  func once() async throws {
    try await withTemporaryDirectory { directory in
      let location = directory.path("run")
      let first = try #require(UnrestrictedNotice.first(in: location))
      #expect(first.contains("/etc/compose-executor.yaml") && first.contains("docs/security.md"))
      for _ in 1...3 { #expect(UnrestrictedNotice.first(in: location) == nil) }
    }
  }

  @Test("is printed by only one of many concurrent launches")
  func race() async throws {
    try await withTemporaryDirectory { directory in
      let location = directory.path("run")
      let said = await withTaskGroup(of: Bool.self) { group in
        for _ in 1...16 { group.addTask { UnrestrictedNotice.first(in: location) != nil } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(said == 1)
    }
  }

  @Test("leaves nothing in a directory that others can write, or behind a link")
  func others() async throws {
    try await withTemporaryDirectory { directory in
      let manager = FileManager.default
      let open = directory.path("open")
      try manager.createDirectory(atPath: open, withIntermediateDirectories: false)
      chmod(open, 0o777)
      try manager.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: "/tmp")
      #expect(UnrestrictedNotice.first(in: open) == nil)
      #expect(UnrestrictedNotice.first(in: directory.path("link")) == nil)
      #expect(try manager.contentsOfDirectory(atPath: open).isEmpty)
      #expect(!manager.fileExists(atPath: "/tmp/unrestricted"))
    }
  }
}
