import Foundation
import Glibc
@testable import PodReports
import TestSupport
import Testing

@Suite("Reports are written into a sandbox that a task may have manipulated")
struct ReportFilesTests {
  private func report(task: String = "t", run: String = UUID().uuidString) -> SandboxReport {
    SandboxReport(
      writer: .executor, program: "1", time: "2026-01-01T00:00:00.000Z", task: task,
      executor: "e", framework: "", agent: "", run: run, project: "p",
      outcome: .init(state: "failed", cause: "failure", message: "it failed"))
  }

  private func text(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("an earlier report is replaced")
  func replaced() async throws {
    try await withTemporaryDirectory { directory in
      let first = report()
      #expect(
        try ReportFiles(sandbox: directory.path).write(first) == [
          "pod-report.json", "pod-report.txt",
        ])
      // As if by a later process, since this one takes the same task and run for the same pod.
      var second = first
      second.outcome.message = "again"
      _ = try ReportFiles(sandbox: directory.path).write(second)
      #expect(text(directory.path("pod-report.json"))?.contains("again") == true)
      #expect(text(directory.path("pod-report.txt"))?.contains("again") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
    }
  }

  @Test("two tasks of one executor have a report each")
  func tasks() async throws {
    try await withTemporaryDirectory { directory in
      _ = try ReportFiles(sandbox: directory.path).write(report(task: "one", run: "r"))
      let names = try ReportFiles(sandbox: directory.path).write(report(task: "../two", run: "r"))
      #expect(names == ["pod-report..._two.json", "pod-report..._two.txt"])
      #expect(text(directory.path("pod-report.json"))?.contains("\"one\"") == true)
    }
  }

  @Test("a later process replaces only a report of the same task or of another run")
  func laterProcess() async throws {
    try await withTemporaryDirectory { directory in
      let sandbox = directory.path("sandbox")
      #expect(mkdir(sandbox, 0o755) == 0)
      _ = try ReportFiles(sandbox: sandbox).write(report(task: "one", run: "r"))
      for (index, (task, run, name)) in [
        ("two", "r", "pod-report.two"), ("one", "r", "pod-report"), ("one", "q", "pod-report"),
        ("two", "r", "pod-report"),
      ].enumerated() {
        // A process remembers its reports by path, so a new path acts as a new process.
        let moved = directory.path("moved \(index)")
        #expect(rename(index == 0 ? sandbox : directory.path("moved \(index - 1)"), moved) == 0)
        let names = try ReportFiles(sandbox: moved).write(report(task: task, run: run))
        #expect(names == ["\(name).json", "\(name).txt"], "\(task) of \(run)")
      }
    }
  }

  @Test("without attributes a report is identified by its content", arguments: ["json", "txt"])
  func forms(name: String) throws {
    let form = try #require(ReportForm(rawValue: name))
    func text(_ report: SandboxReport) -> String {
      String(decoding: form == .json ? report.json() : report.text(), as: UTF8.self)
    }
    let long = String(repeating: "long", count: 40)
    for task in ["one", long] {
      let first = report(task: task, run: "r")
      #expect(form.isReplaceable(text(first), by: first))
      #expect(!form.isReplaceable(text(first), by: report(task: "another", run: "r")))
      #expect(form.isReplaceable(text(first), by: report(task: "another", run: "q")))
    }
    for other in ["", "mine", "task       one\n", "{\n \"version\": 1"] {
      #expect(!form.isReplaceable(other, by: report(task: "one", run: "r")))
    }
  }

  @Test(
    "existing files of a task are left unchanged",
    arguments: ["link", "dangling", "file", "directory", "pipe", "hard link"])
  func planted(kind: String) async throws {
    try await withTemporaryDirectory { directory in
      let outside = try directory.write("outside", "untouched")
      let sandbox = directory.path("sandbox")
      try FileManager.default.createDirectory(
        atPath: sandbox, withIntermediateDirectories: false)
      for name in ["pod-report.json", "pod-report.txt"] {
        let path = "\(sandbox)/\(name)"
        switch kind {
        case "link": #expect(symlink(outside, path) == 0)
        case "dangling": #expect(symlink(directory.path("new"), path) == 0)
        case "file": try "mine".write(toFile: path, atomically: false, encoding: .utf8)
        case "directory": #expect(mkdir(path, 0o755) == 0)
        case "pipe": #expect(mkfifo(path, 0o644) == 0)
        default: #expect(link(outside, path) == 0)
        }
      }
      var before = stat()
      #expect(lstat("\(sandbox)/pod-report.json", &before) == 0)
      let names = try ReportFiles(sandbox: sandbox).write(report())
      #expect(names == ["pod-report.t.json", "pod-report.t.txt"])
      #expect(text(outside) == "untouched")
      #expect(text(directory.path("new")) == nil)
      if kind == "file" { #expect(text("\(sandbox)/pod-report.json") == "mine") }
      var after = stat()
      #expect(lstat("\(sandbox)/pod-report.json", &after) == 0 && after.st_ino == before.st_ino)
      // The task occupies the second name as well: no report is written, and one error is thrown.
      for name in names {
        unlink("\(sandbox)/\(name)")
        #expect(symlink(outside, "\(sandbox)/\(name)") == 0)
      }
      #expect(throws: ReportFiles.Failure.self) {
        try ReportFiles(sandbox: sandbox).write(report())
      }
      #expect(text(outside) == "untouched")
    }
  }

  @Test("a full disk leaves no file behind", .enabled(if: geteuid() == 0))
  func full() async throws {
    try await withTemporaryDirectory { directory in
      let sandbox = directory.path("sandbox")
      #expect(mkdir(sandbox, 0o755) == 0)
      let mount = Command("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", sandbox])
      try #require(try await mount.run().status == .exited(0))
      defer { umount2(sandbox, Int32(MNT_DETACH)) }
      try Data(repeating: 1, count: 4096).write(to: URL(fileURLWithPath: "\(sandbox)/full"))
      let error = #expect(throws: ReportFiles.Failure.self) {
        try ReportFiles(sandbox: sandbox).write(report())
      }
      #expect(error?.description.contains("pod-report.json can't be written") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox) == ["full"])
    }
  }

  @Test("without attributes a report is known by its first part", .enabled(if: geteuid() == 0))
  func withoutAttributes() async throws {
    try await withTemporaryDirectory { directory in
      let sandbox = directory.path("sandbox")
      #expect(mkdir(sandbox, 0o755) == 0)
      let mount = Command("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", sandbox])
      try #require(try await mount.run().status == .exited(0))
      defer { umount2(sandbox, Int32(MNT_DETACH)) }
      let report = report()
      let first = try ReportFiles(sandbox: sandbox).write(report)
      let second = try ReportFiles(sandbox: sandbox).write(report)
      #expect(first[0] == second[0])
    }
  }
}
