import Foundation
import HookEvents
import HookShim
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Reaping

@Suite("The spool read by the reaper")
struct SpoolTests {
  private final class Heard: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ event: HookEvent) {
      if case .removed(_, let executor) = event.kind {
        list.withLock { $0.append(String(decoding: executor, as: UTF8.self)) }
      }
    }
    var all: [String] { list.withLock { $0 } }
  }

  private func listener(
    _ directory: TemporaryDirectory, spool: String = "spool",
    strangersStay: Duration = .seconds(86_400),
    _ heard: Heard
  ) throws -> HookEventListener {
    try HookEventListener(
      socket: directory.path("notify.sock"),
      spool: spool.hasPrefix("/") ? spool : directory.path(spool),
      strangersStay: strangersStay, log: Logger(label: "test")
    ) { heard.add($0) }
  }

  /// Spools an event, because its socket has no listener.
  private func spool(
    _ executor: String, _ directory: TemporaryDirectory, _ name: String = "spool"
  ) throws {
    var opened: OpaquePointer?
    #expect(hook_shim_open(directory.path("other.sock"), directory.path(name), &opened) == 0)
    let shim = try #require(opened)
    defer { hook_shim_close(shim) }
    let result = hook_shim_removed(shim, "f", 1, executor, executor.utf8.count)
    #expect(result.outcome == HOOK_SHIM_SPOOLED)
  }

  private func names(_ directory: TemporaryDirectory, _ name: String = "spool") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path(name))
      .filter { !$0.hasPrefix(".") }
  }

  private func inode(_ path: String) -> UInt64? {
    var status = stat()
    return lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }

  @Test("is read in each pass, whether or not the kernel reported its changes")
  func pass() async throws {
    try await withTemporaryDirectory { directory in
      try spool("quiet", directory, "elsewhere")
      let name = try #require(try names(directory, "elsewhere").first)
      let heard = Heard()
      let listener = try listener(directory, heard)
      try spool("told", directory)
      try await eventually("the event that is told of") { heard.all == ["told"] }
      // A copy is not a rename: the watch doesn't report it.
      try await Command("cp", [directory.path("elsewhere/\(name)"), directory.path("spool")])
        .output()
      try await eventually("the event at a pass") {
        _ = try listener.restore()
        return heard.all == ["told", "quiet"]
      }
      listener.stop()
    }
  }

  @Test("is exchanged as a whole, so that no writer waits for its reader")
  func exchanged() async throws {
    try await withTemporaryDirectory { directory in
      let heard = Heard()
      let listener = try listener(directory, heard)
      for number in 0..<20 {
        try spool("e\(number)", directory)
        try await eventually("event \(number)") { heard.all.count == number + 1 }
        // It exists since the first exchange, and not before.
        #expect(inode(directory.path("spool.taken")) != nil)
        #expect(try listener.restore() == [], "its own exchange is nobody's fault")
      }
      #expect(try names(directory) == [])
      listener.stop()
    }
  }

  @Test("is read in place and kept if its directory has other uses")
  func shared() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("spool/.ssh/authorized_keys", "mine")
      try directory.write("spool/notes.txt", "mine")
      chmod(directory.path("spool"), 0o700)
      let before = inode(directory.path("spool"))
      let heard = Heard()
      let listener = try listener(directory, heard)
      try spool("e", directory)
      try await eventually("the event") { heard.all == ["e"] }
      #expect(inode(directory.path("spool")) == before)
      #expect(!FileManager.default.fileExists(atPath: directory.path("spool.taken")))
      #expect(try names(directory) == ["notes.txt"])
      listener.stop()
    }
  }

  @Test("keeps foreign files for a day, and no longer")
  func strangers() async throws {
    try await withTemporaryDirectory { directory in
      let heard = Heard()
      try directory.write("spool/1-2-3-4-5.event", "none")
      try directory.write("spool/.notes", "mine")
      chmod(directory.path("spool"), 0o700)
      var listener = try listener(directory, heard)
      try spool("young", directory)
      try await eventually("the event") { heard.all == ["young"] }
      #expect(FileManager.default.fileExists(atPath: directory.path("spool/1-2-3-4-5.event")))
      #expect(FileManager.default.fileExists(atPath: directory.path("spool/.notes")))
      listener.stop()
      listener = try self.listener(directory, strangersStay: .zero, heard)
      try await eventually("their removal") {
        _ = try listener.restore()
        return try names(directory).isEmpty
          && !FileManager.default.fileExists(atPath: directory.path("spool/.notes"))
      }
      listener.stop()
    }
  }

  @Test("is read after the one that a killed reader had taken")
  func taken() async throws {
    try await withTemporaryDirectory { directory in
      for number in 0..<3 { try spool("e\(number)", directory, "spool.taken") }
      for number in 3..<6 { try spool("e\(number)", directory) }
      let heard = Heard()
      let listener = try listener(directory, heard)
      try await eventually("all") { heard.all.count == 6 }
      #expect(heard.all == (0..<6).map { "e\($0)" })
      listener.stop()
    }
  }

  @Test("counts from zero after it is read: a full one accepts events again at once")
  func full() async throws {
    try await withTemporaryDirectory { directory in
      try spool("e", directory)
      try FileManager.default.createDirectory(
        atPath: directory.path("x"), withIntermediateDirectories: true)
      let count = directory.path("spool/\(HOOK_SHIM_SPOOL_COUNT)")
      let heard = Heard()
      #expect(truncate(count, off_t(HOOK_SHIM_SPOOL_FILES)) == 0)
      let listener = try listener(directory, heard)
      try await eventually("the event") { heard.all == ["e"] }
      try spool("again", directory)
      try await eventually("the next") { heard.all == ["e", "again"] }
      listener.stop()
    }
  }

  @Test("is refused in file systems of the kernel")
  func proc() async throws {
    try await withTemporaryDirectory { directory in
      let heard = Heard()
      for path in ["/proc/self/task", "/sys/kernel"] {
        #expect(throws: (any Error).self, "\(path)") { try listener(directory, spool: path, heard) }
      }
    }
  }
}
