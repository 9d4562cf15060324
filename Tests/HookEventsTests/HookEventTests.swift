import Foundation
import HookEvents
import HookShim
import TestSupport
import Testing

@Suite("Hook events, from the C shim to Swift")
struct HookEventTests {
  static let strings: [String: [UInt8]] = [
    "empty": [], "plain": Array("plain".utf8),
    "quotes and newlines": Array("quotes \" ' ` and\nnewlines\r\n".utf8),
    "NUL": [0, 1, 0, 255], "invalid UTF-8": [0xff, 0xfe, 0xc3, 0x28],
    "64 KB": [UInt8](repeating: 7, count: Int(HOOK_SHIM_LONGEST)),
  ]

  @Test("Swift reads exactly what the shim spools", arguments: strings.keys.sorted())
  func roundTrip(name: String) async throws {
    let string = try #require(Self.strings[name])
    try await withTemporaryDirectory { directory in
      let before = clock_time(CLOCK_BOOTTIME)
      let removed = try spool(in: directory.path("spool")) { shim in
        hook_shim_removed(shim, "framework", 9, string.chars, string.count)
      }
      #expect(
        removed.kind == .removed(framework: Array("framework".utf8), executor: string))
      let started = try spool(in: directory.path("other")) { shim in
        hook_shim_started(shim, string.chars, string.count, "/sandbox", 8)
      }
      #expect(started.kind == .started(run: string, sandbox: Array("/sandbox".utf8)))

      #expect(removed.id.pid == UInt32(getpid()) && removed.id.sequence == 1)
      #expect(removed.id != started.id)
      #expect(before <= removed.bootTime && removed.bootTime <= started.bootTime)
      #expect(started.bootTime <= clock_time(CLOCK_BOOTTIME))
      let age = Int64(clock_time(CLOCK_REALTIME)) - Int64(removed.wallClock)
      #expect(abs(age) < 60_000_000_000)
      let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      #expect(removed.bootID.map { $0 + "\n" } == boot)
    }
  }

  @Test("a string that is too long is refused, and nothing is written")
  func tooLong() async throws {
    try await withTemporaryDirectory { directory in
      var shim: OpaquePointer?
      #expect(hook_shim_open(directory.path("none"), directory.path("spool"), &shim) == 0)
      let opened = try #require(shim)
      defer { hook_shim_close(opened) }
      let long = [CChar](repeating: 65, count: Int(HOOK_SHIM_LONGEST) + 1)
      let result = hook_shim_removed(opened, long, long.count, "e", 1)
      #expect(result.outcome == HOOK_SHIM_REFUSED)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path("spool")).isEmpty)
    }
  }

  @Test("the name of a spool file matches its content")
  func names() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("spool")
      let event = try spool(in: path) { hook_shim_removed($0, "f", 1, "e", 1) }
      let text = try #require(
        try FileManager.default.contentsOfDirectory(atPath: path)
          .first { !$0.hasPrefix(".") })
      let name = try #require(SpoolName(text))
      #expect(name.id == event.id && name.bootTime == event.bootTime)
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(text)")).count == name.size)
      #expect(SpoolName("." + text) == nil && SpoolName("notes.txt") == nil)
      #expect(SpoolName("-1-1-1-1-1.event") == nil && SpoolName("----.event") == nil)
    }
  }

  /// Sends an event while nobody listens, and reads it from the spool.
  private func spool(
    in path: String, _ event: (OpaquePointer) -> hook_shim_result
  ) throws -> HookEvent {
    var shim: OpaquePointer?
    #expect(hook_shim_open("\(path)-nobody", path, &shim) == 0)
    let opened = try #require(shim)
    defer { hook_shim_close(opened) }
    let result = event(opened)
    #expect(result.outcome == HOOK_SHIM_SPOOLED && result.socket_errno == ENOENT)
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { !$0.hasPrefix(".") }
    let name = try #require(names.count == 1 ? names.first : nil)
    return try HookEvent.decode(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }

  private func clock_time(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension [UInt8] {
  fileprivate var chars: [CChar] { map { CChar(bitPattern: $0) } }
}
