import Foundation
import TestSupport
import Testing

@Suite("A reaper whose engine is unavailable")
struct AwayTests {
  private func options(_ directory: TemporaryDirectory) -> [String] {
    ["--run-dir", directory.path("run"), "--state-dir", directory.path("state")]
  }

  private func command(
    _ directory: TemporaryDirectory, _ script: String, _ more: [String: String] = [:]
  ) -> Command {
    Command(
      "/bin/sh", ["-c", script, BuiltProgram.podReaper] + options(directory),
      environment: [
        "DOCKER_HOST": "unix://\(directory.path("no.sock"))", "PATH": "/usr/bin:/bin",
      ].merging(more) { $1 })
  }

  /// The number of failed requests to the engine.
  private func errors(_ directory: TemporaryDirectory) async throws -> Int {
    let text = try await Command(
      "curl", ["-s", "--unix-socket", directory.path("metrics.sock"), "http://reaper/metrics"]
    ).run().stdout
    let line = text.split(separator: "\n").first {
      $0.hasPrefix("pod_reaper_engine_errors_total")
    }
    return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }

  @Test("reports it once, however many events request a pass, and counts the failures")
  func once() async throws {
    try await withTemporaryDirectory { directory in
      let service = try command(
        directory, #"exec "$0" --metrics "$METRICS" "$@""#,
        ["METRICS": directory.path("metrics.sock")]
      ).start()
      defer { service.send(SIGKILL) }
      var failed = 0
      for number in 0..<4 {
        let end = try await Command(
          BuiltProgram.beside("pod-hook-notify"),
          ["removed", "--framework", "f", "--executor", "e\(number)"] + options(directory).prefix(2)
        ).run()
        #expect([.exited(0), .exited(4)].contains(end.status))
        failed = try await eventually("one more pass that fails") {
          let errors = try await errors(directory)
          return errors > failed ? errors : nil
        }
      }
      service.send(SIGTERM)
      try await service.exit()
      let lines = service.lines(.stderr).filter { $0.contains("no pass: ") }
      #expect(lines.count == 1, "\(lines)")
      #expect(service.text(.stderr).contains("passes failed while the engine was away"))
    }
  }

  @Test("creates a run directory that others can traverse, whatever its umask")
  func umask() async throws {
    try await withTemporaryDirectory { directory in
      _ = try await command(directory, #"umask 077; exec "$0" --once "$@""#).run()
      for (name, mode) in [("run", mode_t(0o755)), ("state", 0o700)] {
        var status = stat()
        #expect(lstat(directory.path(name), &status) == 0)
        #expect(status.st_mode & 0o7777 == mode, "\(name)")
      }
    }
  }
}
