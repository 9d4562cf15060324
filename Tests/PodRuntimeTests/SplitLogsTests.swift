import Foundation
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// Collects the logged messages.
final class LogLines: LogHandler, Sendable {
  private let entries = Mutex<[String]>([])
  var lines: [String] { entries.withLock { $0 } }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) { entries.withLock { $0.append("\(event.message)") } }

  var logger: Logger { Logger(label: "test") { _ in self } }
}

@Suite("Log files of each service")
struct SplitLogsTests {
  private func logs(
    _ sandbox: TemporaryDirectory, limit: Int64 = 4096, older: Int = 2, task: String = "t",
    _ lines: LogLines = LogLines()
  ) -> SplitLogs {
    SplitLogs(
      sandbox: sandbox.path, limit: limit, olderFiles: older, task: task, log: lines.logger)
  }

  private func text(_ sandbox: TemporaryDirectory, _ name: String) -> String? {
    try? String(contentsOfFile: sandbox.path("logs/\(name)"), encoding: .utf8)
  }

  @Test("have the output of each service, for two services and both streams, unchanged")
  func plain() async throws {
    try await withTemporaryDirectory { sandbox in
      let logs = logs(sandbox)
      await logs.open("web")
      #expect(text(sandbox, "web.stdout") == "" && text(sandbox, "web.stderr") == "")
      await logs.write(Array("a\r\n\u{1b}[1mb".utf8), of: "web", stream: "stdout")
      await logs.write(Array("e\n".utf8), of: "web", stream: "stderr")
      await logs.write(Array("c\n".utf8), of: "db-2", stream: "stdout")
      await logs.write(Array("d\n".utf8), of: "web", stream: "stdout")
      #expect(text(sandbox, "web.stdout") == "a\r\n\u{1b}[1mbd\n")
      #expect(text(sandbox, "web.stderr") == "e\n" && text(sandbox, "db-2.stdout") == "c\n")
    }
  }

  @Test("rotate at the end of a line, lose only the oldest file, and have a bounded size")
  func rotation() async throws {
    try await withTemporaryDirectory { sandbox in
      let logs = logs(sandbox, limit: 8192, older: 3)
      var random = SeededGenerator(for: "rotation")
      var all = ""
      var number = 0
      while all.utf8.count < 100_000 {
        var piece = ""
        for _ in 0...Int.random(in: 0...40, using: &random) {
          piece += "line \(number) \(String(repeating: "x", count: number % 50))\n"
          number += 1
        }
        await logs.write(Array(piece.utf8), of: "web", stream: "stdout")
        all += piece
        let names = try FileManager.default.contentsOfDirectory(atPath: sandbox.path("logs"))
        let size = names.reduce(0) { $0 + (text(sandbox, $1)?.utf8.count ?? 0) }
        #expect(size <= 4 * 8192 && names.count <= 5)
      }
      let files = ["web.stdout.3", "web.stdout.2", "web.stdout.1", "web.stdout"]
        .map { text(sandbox, $0) ?? "" }
      #expect(files.dropLast().allSatisfy { $0.hasSuffix("\n") && $0.utf8.count > 7000 })
      #expect(all.hasSuffix(files.joined()))
    }
  }

  @Test("cut a line that is longer than a file")
  func longLine() async throws {
    try await withTemporaryDirectory { sandbox in
      let logs = logs(sandbox)
      await logs.write([UInt8](repeating: 0x61, count: 10_000), of: "web", stream: "stdout")
      let sizes = ["web.stdout.2", "web.stdout.1", "web.stdout"].map { text(sandbox, $0)?.count }
      #expect(sizes == [4096, 4096, 1808])
    }
  }

  @Test("are continued by a later pod, which rotates them as its own")
  func later() async throws {
    try await withTemporaryDirectory { sandbox in
      let first = logs(sandbox)
      await first.write(
        Array((String(repeating: "a", count: 99) + "\n").utf8), of: "w", stream: "stdout")
      await first.close()
      let lines = LogLines()
      let second = logs(sandbox, older: 1, lines)
      for _ in 0..<100 {
        await second.write(
          Array((String(repeating: "b", count: 99) + "\n").utf8), of: "w", stream: "stdout")
      }
      #expect(lines.lines.isEmpty)
      #expect(text(sandbox, "w.stdout.1")?.utf8.count == 4000)
      #expect(text(sandbox, "w.stdout")?.utf8.count == 2100)
    }
  }

  @Test("of two pods in one sandbox are separate")
  func twoPods() async throws {
    try await withTemporaryDirectory { sandbox in
      let one = logs(sandbox, task: "one")
      let two = logs(sandbox, task: "two")
      await one.write([0x31, 0x0a], of: "web", stream: "stdout")
      await two.write([0x32, 0x0a], of: "web", stream: "stdout")
      #expect(text(sandbox, "web.stdout") == "1\n" && text(sandbox, "web.two.stdout") == "2\n")
    }
  }

  /// Files that a tenant can have put in place, created by a shell script in the sandbox; `OUT` is
  /// a file outside of it.
  static let hostile = [
    "ln -s OUT logs", "mkfifo logs", "echo mine > logs", "ln -s DIR logs",
    "mkdir logs; ln -s OUT logs/web.stdout", "mkdir logs; ln -s DIR/new logs/web.stdout",
    "mkdir logs; mkfifo logs/web.stdout", "mkdir -p logs/web.stdout",
    "mkdir logs; ln OUT logs/web.stdout", "mkdir logs; echo mine > logs/web.stdout",
    "mkdir logs; mknod logs/web.stdout c 1 3",
    "mkdir logs; ln -s OUT logs/web.stdout.1", "mkdir logs; mkfifo logs/web.stdout.2",
    "mkdir -p logs/web.stdout.1", "mkdir logs; ln OUT logs/web.stdout.2",
    "mkdir logs; echo mine > logs/web.stdout.1", "mkdir logs; ln -s /dev/full logs/web.stdout",
  ]

  @Test("never leave the sandbox, block, or replace existing files", arguments: hostile)
  func hostility(script: String) async throws {
    try await withTemporaryDirectory { outer in
      try outer.write("box/x", "")
      try outer.write("out/file", "outside\n")
      let words = script.replacing("OUT", with: outer.path("out/file"))
        .replacing("DIR", with: outer.path("out"))
      try await Command("/bin/sh", ["-ec", words], directory: outer.path("box")).run()
      let before = try await tree(outer)
      let lines = LogLines()
      let logs = SplitLogs(
        sandbox: outer.path("box"), limit: 4096, olderFiles: 2, task: "t", log: lines.logger)
      for _ in 0..<300 {
        await logs.write(
          Array((String(repeating: "a", count: 99) + "\n").utf8), of: "web", stream: "stdout")
      }
      // All earlier files are unchanged.
      let after = try await tree(outer)
      #expect(before.isSubset(of: after), "\(script): \(before.subtracting(after))")
      #expect(lines.lines.count == 1, "\(lines.lines)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: outer.path("out")) == ["file"])
    }
  }

  /// Each file's type, size, links and name.
  private func tree(_ directory: TemporaryDirectory) async throws -> Set<String> {
    let format = #"%y %i %n %P %l \#("%s")\n"#
    let text = try await Command(
      "find", [directory.path, "-mindepth", "1", "!", "-type", "d", "-printf", format]
    ).output()
    return Set(text.split(separator: "\n").map(String.init))
  }

  @Test(
    "that a tenant removes, moves or replaces meanwhile are created again, or left to the tenant"
  )
  func meddling() async throws {
    try await withTemporaryDirectory { sandbox in
      let lines = LogLines()
      let logs = logs(sandbox, lines)
      func write(_ count: Int) async {
        for _ in 0..<count {
          await logs.write(
            Array((String(repeating: "a", count: 99) + "\n").utf8), of: "w", stream: "stdout")
        }
      }
      await write(10)
      unlink(sandbox.path("logs/w.stdout"))
      await write(50)
      #expect(text(sandbox, "w.stdout")?.isEmpty == false && lines.lines.isEmpty)
      rename(sandbox.path("logs/w.stdout"), sandbox.path("logs/kept"))
      try sandbox.write("logs/w.stdout", "mine\n")
      await write(100)
      #expect(text(sandbox, "w.stdout") == "mine\n" && lines.lines.count == 1, "\(lines.lines)")
    }
  }

  @Test("that can't be written for lack of space are reported once, and block nothing")
  func space() async throws {
    guard geteuid() == 0 else { return }
    try await withTemporaryDirectory { sandbox in
      try await Command("mount", ["-t", "tmpfs", "-o", "size=64k", "none", sandbox.path]).run()
      let lines = LogLines()
      let logs = logs(sandbox, limit: 1 << 20, lines)
      for _ in 0..<100 {
        await logs.write([UInt8](repeating: 0x61, count: 4096), of: "w", stream: "stdout")
        await logs.write([UInt8](repeating: 0x61, count: 4096), of: "w", stream: "stderr")
      }
      await logs.close()
      try await Command("umount", [sandbox.path]).run()
      #expect(lines.lines.count == 1 && lines.lines[0].contains("No space left"), "\(lines.lines)")
    }
  }

  @Test("belong to the sandbox's owner")
  func owner() async throws {
    guard geteuid() == 0 else { return }
    try await withTemporaryDirectory { sandbox in
      chown(sandbox.path, 65534, 65534)
      await logs(sandbox).write([0x0a], of: "w", stream: "stdout")
      for name in ["logs", "logs/w.stdout"] {
        var status = stat()
        #expect(stat(sandbox.path(name), &status) == 0 && status.st_uid == 65534)
      }
      chown(sandbox.path, 0, 0)
    }
  }

  @Test("share the task's disk")
  func sizes() {
    var rotation = LogRotation()
    #expect(rotation.size(streams: 4, disk: nil) == 10 << 20)
    #expect(rotation.size(streams: 4, disk: 120 << 20) == 1 << 20)
    #expect(rotation.size(streams: 4, disk: 1 << 40) == 10 << 20)
    #expect(rotation.size(streams: 4, disk: 0) == 4096)
    rotation.size = 50 << 20
    #expect(rotation.size(streams: 4, disk: nil) == 50 << 20)
    #expect(rotation.size(streams: 4, disk: 120 << 20) == 5 << 20)
  }

  @Test("only have an incomplete line after its end")
  func lines() {
    var lines = WholeLines()
    #expect(lines.take(Array("ab".utf8)).isEmpty)
    #expect(lines.take(Array("c\nd\ne".utf8)) == Array("abc\nd\n".utf8))
    #expect(lines.rest() == Array("e".utf8) && lines.rest().isEmpty)
    #expect(
      lines.take([UInt8](repeating: 0x61, count: LineAssembler.limit)).count == LineAssembler.limit)
  }
}
