import CLinux
import Foundation
import HookEvents
import HookShim
import Logging
import PodIdentity
import Synchronization
import TestSupport
import Testing

@testable import Reaping

/// The shim, used like in the agent's module.
private final class Shim {
  private let shim: OpaquePointer

  init(_ directory: String, spool: String? = nil) throws {
    var opened: OpaquePointer?
    #expect(hook_shim_open(directory + "/notify.sock", spool ?? directory + "/spool", &opened) == 0)
    shim = try #require(opened)
  }
  deinit { hook_shim_close(shim) }

  func removed(_ framework: String, _ executor: String) -> hook_shim_outcome {
    hook_shim_removed(shim, framework, framework.utf8.count, executor, executor.utf8.count).outcome
  }
}

@Suite("The hook event listener")
struct HookEventListenerTests {
  private func listener(_ directory: String, _ heard: Heard) throws -> HookEventListener {
    try HookEventListener(
      socket: directory + "/notify.sock", spool: directory + "/spool", log: Logger(label: "test")
    ) { heard.add($0) }
  }

  private final class Heard: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ event: HookEvent) {
      if case .removed(_, let executor) = event.kind {
        list.withLock { $0.append(String(decoding: executor, as: UTF8.self)) }
      }
    }
    var all: [String] { list.withLock { $0 } }
  }

  @Test("receives spooled events first, then those of the socket, in order")
  func order() async throws {
    try await withTemporaryDirectory { directory in
      let shim = try Shim(directory.path)
      for number in 0..<20 { #expect(shim.removed("f", "e\(number)") == HOOK_SHIM_SPOOLED) }
      let heard = Heard()
      let listener = try listener(directory.path, heard)
      try await eventually("the spooled events") { heard.all.count == 20 }
      for number in 20..<40 {
        // One at a time: the socket's queue has ten entries, and further events are spooled.
        #expect(shim.removed("f", "e\(number)") == HOOK_SHIM_DELIVERED)
        try await eventually("event \(number)") { heard.all.count == number + 1 }
      }
      #expect(heard.all == (0..<40).map { "e\($0)" })
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/spool").isEmpty)
      listener.stop()
      #expect(shim.removed("f", "late") == HOOK_SHIM_SPOOLED)
    }
  }

  @Test("receives each of ten thousand events once, with a full queue and restarts in between")
  func flood() async throws {
    try await withTemporaryDirectory { directory in
      let shim = try Shim(directory.path)
      let heard = Heard()
      var listeners: [HookEventListener] = []
      for number in 0..<10_000 {
        if number % 4 == 0 { await Task.yield() }
        if number % 2500 == 1000 { listeners.append(try listener(directory.path, heard)) }
        if number % 2500 == 2000 { listeners.last?.stop() }
        let outcome = shim.removed("f", "e\(number)")
        #expect(outcome == HOOK_SHIM_DELIVERED || outcome == HOOK_SHIM_SPOOLED)
      }
      listeners.append(try listener(directory.path, heard))
      try await all(10_000, heard, directory.path)
      #expect(heard.all.count == 10_000)
      listeners.last?.stop()
    }
  }

  /// Waits as long as there is progress: 10,000 files take as long as the disk needs.
  private func all(_ count: Int, _ heard: Heard, _ directory: String) async throws {
    while heard.all.count < count {
      let before = heard.all.count
      do {
        try await eventually("the next event") { heard.all.count > before }
      } catch {
        let missing = Set((0..<count).map { "e\($0)" }).subtracting(heard.all).sorted()
        let left = ["spool", "spool.taken"].map { name in
          (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(name)"))?.count ?? 0
        }
        Issue.record("\(missing.count) not heard, as \(missing.prefix(20)); files: \(left)")
        return
      }
    }
    #expect(Set(heard.all).count == count)
  }

  @Test("removes an invalid event and skips it")
  func garbage() async throws {
    try await withTemporaryDirectory { directory in
      let shim = try Shim(directory.path)
      #expect(shim.removed("f", "good") == HOOK_SHIM_SPOOLED)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/spool")
          .first { !$0.hasPrefix(".") })
      try "rubbish".write(
        toFile: "\(directory.path)/spool/1\(name.dropFirst())", atomically: false, encoding: .utf8)
      let heard = Heard()
      let listener = try listener(directory.path, heard)
      try await eventually("the good one") { heard.all == ["good"] }
      listener.stop()
    }
  }

  @Test(
    "keeps files in the spool's directory that aren't events, whatever their type and age")
  func others() async throws {
    try await withTemporaryDirectory { directory in
      let shim = try Shim(directory.path)
      #expect(shim.removed("f", "good") == HOOK_SHIM_SPOOLED)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/spool")
          .first { !$0.hasPrefix(".") })
      // A writer that was killed leaves its file with a name that begins with a dot.
      for file in [".bashrc", ".ssh/authorized_keys", "notes.txt", ".\(name)"] {
        try directory.write("spool/\(file)", "mine")
        let old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, directory.path("spool/\(file)"), old, 0) == 0)
      }
      // A file that can't be read now can become readable.
      let later = "spool/1\(name.dropFirst())"
      try FileManager.default.createDirectory(
        atPath: directory.path(later), withIntermediateDirectories: false)
      let heard = Heard()
      let listener = try listener(directory.path, heard)
      try await eventually("the good one") { heard.all == ["good"] }
      try await eventually("the dead writer's file is gone") {
        !FileManager.default.fileExists(atPath: directory.path("spool/.\(name)"))
      }
      for file in ["spool/.bashrc", "spool/.ssh/authorized_keys", "spool/notes.txt", later] {
        #expect(FileManager.default.fileExists(atPath: directory.path(file)), "\(file)")
      }
      listener.stop()
    }
  }

  @Test(
    "watches a removed spool again after its creation, but not one that others can change")
  func directory() async throws {
    try await withTemporaryDirectory { directory in
      let heard = Heard()
      let listener = try listener(directory.path, heard)
      // Its socket has no listener: its events are spooled.
      let spooling = try Shim(directory.path + "/other", spool: directory.path + "/spool")
      for number in 0..<3 {
        try FileManager.default.removeItem(atPath: directory.path("spool"))
        #expect(spooling.removed("f", "e\(number)") == HOOK_SHIM_SPOOLED)
        try await eventually("event \(number)") { heard.all.count == number + 1 }
      }
      #expect(heard.all == ["e0", "e1", "e2"])
      listener.stop()
      chmod(directory.path("spool"), 0o777)
      #expect(throws: (any Error).self) { try self.listener(directory.path, heard) }
    }
  }

  @Test(
    "reads the spool in each pass if the kernel has no watches left",
    arguments: [EMFILE, ENFILE, ENOSPC, ENOMEM], [0, 1, 2])
  func unwatched(reason: Int32, after given: Int) async throws {
    try await withTemporaryDirectory { directory in
      let heard = Heard()
      let left = Mutex(given)
      let listener = try HookEventListener(
        socket: directory.path("notify.sock"), spool: directory.path("spool"),
        log: Logger(label: "test"),
        makeWatch: { path in
          let isGiven = left.withLock { left in
            left -= 1
            return left >= 0
          }
          if isGiven { return linux_watch_directory(path) }
          errno = reason
          return -1
        }
      ) { heard.add($0) }
      let spooling = try Shim(directory.path("other"), spool: directory.path("spool"))
      for number in 0..<5 {
        #expect(spooling.removed("f", "e\(number)") == HOOK_SHIM_SPOOLED)
        try await eventually("event \(number)", within: .seconds(180)) {
          // As each pass does.
          let made = try listener.restore()
          #expect(made == [])
          return heard.all.count == number + 1
        }
      }
      #expect(heard.all == (0..<5).map { "e\($0)" })
      listener.stop()
    }
  }

  @Test("skips a repeated event, however many came before, with bounded memory")
  func again() {
    var recent = RecentSet<Int>(atLeast: 100)
    var forgotten: [Int] = []
    for number in 0..<1000 {
      let isNew = recent.insert(number)
      #expect(isNew)
      for known in max(0, number - 99)...number {
        var copy = recent
        if copy.insert(known) { forgotten.append(known) }
      }
    }
    #expect(forgotten == [])
    let isForgotten = recent.insert(0)
    #expect(isForgotten)
  }

  @Test("applies a removal to incarnations of its time, not to a later run of the executor")
  func meant() {
    func event(_ seconds: UInt64) -> HookEvent {
      HookEvent(
        kind: .removed(framework: Array("f".utf8), executor: Array("e".utf8)),
        id: .init(pid: 1, instance: 1, sequence: seconds), wallClock: 0,
        bootTime: seconds * 1_000_000_000, bootID: "boot-1")
    }
    var memory = HookEventHistory()
    let requestsPass = memory.handle(event(50))
    #expect(requestsPass)
    // Start times count hundredths of a second, here as elsewhere.
    func said(_ identity: PodIdentity, _ seconds: Int) -> Bool {
      HookEventHistory.saidRemoved(
        identity, firstSeen: Sample.time(seconds), in: memory.removals)
    }
    #expect(said(Sample.identity(start: 4900), 49))
    #expect(!said(Sample.identity(start: 5100), 51))
    #expect(!said(Sample.identity(pid: nil, start: nil), 51))
    var other = Sample.identity(start: 4900)
    other.frameworkID = "g"
    #expect(!said(other, 49))
  }
}
