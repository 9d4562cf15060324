import Foundation
import HookEvents
import TestSupport
import Testing

@Suite("pod-hook-notify")
struct HookNotifyTests {
  @Test("delivers an event unchanged to a listening socket, and exits with 0")
  func delivered() async throws {
    try await withTemporaryDirectory { directory in
      let socket = try DatagramSocket(at: directory.path("notify.sock"))
      let result = try await notify(
        directory, ["removed", "--framework", "F-0001", "--executor", "it's \"odd\""])
      #expect(result.status == .exited(0) && result.stdout.isEmpty && result.stderr.isEmpty)
      let event = try HookEvent.decode(try #require(socket.receive()))
      #expect(
        event.kind
          == .removed(framework: Array("F-0001".utf8), executor: Array("it's \"odd\"".utf8)))
      #expect(try spooled(directory).isEmpty)
    }
  }

  @Test("spools an event if nobody listens, exits with 4, and names the files in event order")
  func spooled() async throws {
    try await withTemporaryDirectory { directory in
      for number in 1...3 {
        let result = try await notify(
          directory, ["started", "--run", "r\(number)", "--sandbox", "/s"])
        #expect(result.status == .exited(4) && result.stderr.isEmpty)
      }
      let runs = try spooled(directory).sorted().map { name in
        try HookEvent.decode(
          Data(contentsOf: URL(fileURLWithPath: directory.path("spool/\(name.text)")))
        ).kind
      }
      #expect(
        runs == (1...3).map { .started(run: Array("r\($0)".utf8), sandbox: Array("/s".utf8)) })
    }
  }

  @Test("exits with 1 and one line with the reason if it can neither deliver nor spool")
  func neither() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("file", "")
      let result = try await notify(
        directory, ["removed", "--framework", "f", "--executor", "e"], spool: directory.path("file")
      )
      #expect(result.status == .exited(1))
      #expect(result.stderr.hasSuffix("Not a directory\n"))
      let full = try await notify(
        directory, ["removed", "--framework", "f", "--executor", "e"], spool: "/proc/spool")
      #expect(full.status == .exited(1))
      #expect(full.stderr.hasSuffix(", spool-dir /proc/spool: Invalid argument\n"))
      #expect(full.stderr.hasPrefix("pod-hook-notify: notify-socket /"))
    }
  }

  @Test("finds the reaper by option, else by environment, else by the reaper's settings file")
  func locations() async throws {
    try await withTemporaryDirectory { directory in
      let file = try directory.write(
        "reaper.yaml",
        "# the reaper's\ngrace: 5s\nrun-dir: \(directory.path("file"))\nparallel: 4\n")
      func spools(_ more: [String], _ environment: [String: String]) async throws {
        let result = try await Command(
          program, ["removed", "--framework", "f", "--executor", "e"] + more,
          environment: environment
        ).run()
        #expect(result.status == .exited(4), "\(result)")
      }
      let locations: [(directory: String, options: [String], environment: [String: String])] = [
        ("file/spool", ["--config", file], [:]),
        ("file/spool", [], ["POD_REAPER_CONFIG": file]),
        ("own", ["--config", file], ["POD_REAPER_SPOOL_DIR": directory.path("own")]),
        ("run/spool", ["--config", file], ["POD_REAPER_RUN_DIR": directory.path("run")]),
        (
          "option/spool", ["--run-dir", directory.path("option")],
          ["POD_REAPER_RUN_DIR": directory.path("run")]
        ),
      ]
      var counts: [String: Int] = [:]
      for location in locations {
        try await spools(location.options, location.environment)
        counts[location.directory, default: 0] += 1
        let found = try FileManager.default.contentsOfDirectory(
          atPath: directory.path(location.directory)
        )
        .filter { !$0.hasPrefix(".") }
        #expect(found.count == counts[location.directory], "\(location)")
      }
    }
  }

  @Test("exits with 2 if it can't read the reaper's settings file, and names the file")
  func badFile() async throws {
    try await withTemporaryDirectory { directory in
      let words = ["removed", "--framework", "f", "--executor", "e", "--config"]
      let file = try directory.write("reaper.yaml", "grace: 5s\nrun-dir: [\n")
      let broken = try await Command(program, words + [file]).run()
      #expect(broken.status == .exited(2), "\(broken)")
      #expect(broken.stderr.hasPrefix("pod-hook-notify: \(file):"), "\(broken)")
      chmod(file, 0o666)
      let open = try await Command(program, words + [file]).run()
      #expect(open.status == .exited(2) && open.stderr.contains("writable by others"), "\(open)")
      let none = try await Command(program, words + [directory.path("none.yaml")]).run()
      #expect(none.status == .exited(2) && none.stderr.contains("No such file"), "\(none)")
    }
  }

  @Test("exits with 2 on misuse", arguments: [["removed"], ["started", "--run", "r"], ["gone"]])
  func usage(arguments: [String]) async throws {
    let result = try await Command(program, arguments).run()
    #expect(result.status == .exited(2))
    #expect(result.stderr.hasPrefix("pod-hook-notify: "))
  }

  private var program: String { BuiltProgram.beside("pod-hook-notify") }

  private func notify(
    _ directory: TemporaryDirectory, _ arguments: [String], spool: String? = nil
  ) async throws -> CommandResult {
    try await Command(
      program,
      arguments + [
        "--notify-socket", directory.path("notify.sock"), "--spool-dir",
        spool ?? directory.path("spool"),
      ]
    ).run()
  }

  private func spooled(_ directory: TemporaryDirectory) throws -> [SpoolName] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path("spool"))
      .compactMap { SpoolName($0) }
  }
}
