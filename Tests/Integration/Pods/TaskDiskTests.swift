import Foundation
import TestSupport
import Testing

@Suite("The disk resource of a task", .needsEngine, .throttled)
struct TaskDiskTests {
  /// Two services that write three megabytes each: only their sum exceeds five.
  private static let file = """
    services:
      one: &writer
        image: pod-test/busybox
        command: [sh, -c, "trap 'exit 0' TERM; dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null; sleep 1000 & wait"]
      two: *writer
    """
  private static let options = ["--task-disk", "5m", "--relist-interval", "1s"]

  @Test("fails a pod that exceeds it if it is enforced", arguments: TestEngine.all)
  func enforced(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine, Self.file, PodSettings(options: Self.options + ["--disk", "enforce"], task: nil))
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.states.last == "TASK_FAILED")
    #expect(
      end.message.contains(
        /task it-[0-9a-f]+ uses 6\.\d MB of disk in its containers' writable layers, and its limit is 5\.0 MB: one 3\.\d MB, two 3\.\d MB/
      ), "\(end)")
  }

  @Test("is only reported otherwise, once", arguments: [[], ["--disk", "report"]])
  func reported(options: [String]) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, Self.file, PodSettings(options: Self.options + options)) { pod in
      try await pod.executor.line(containing: "of disk in its containers' writable", in: .stderr)
      #expect(pod.executor.status == nil)
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_KILLED", "\(end)")
      let lines = end.stderr.filter { $0.contains("writable layers, and its limit is 5.0 MB") }
      #expect(lines.count == 1, "\(end)")
      #expect(
        end.stderr.contains {
          $0.contains(
            /6\.\d MB is the highest measured disk use of the containers; the task's disk is 5\.0 MB/
          )
        }, "\(end)")
    }
  }

  @Test("isn't measured if it is off, or if a task has no disk resource")
  func off() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: [sleep, '4']}}"
    for options in [["--task-disk", "5m", "--disk", "off"], ["--disk", "enforce"]] {
      let end = try await podEnd(
        on: engine, file, PodSettings(options: options + ["--relist-interval", "1s"]))
      #expect(end.status == .exited(0), "\(end)")
      #expect(!end.stderr.contains { $0.contains("highest measured disk use") }, "\(end)")
    }
  }

  @Test("has options that refuse an invalid mode and an invalid size")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: [\"true\"]}}"
    for (options, line) in [
      (["--disk", "limit"], "disk takes one of report, enforce, off, not 'limit'"),
      (["--task-disk", "much"], "--task-disk takes a size such as 500m, not 'much'"),
    ] {
      let end = try await podEnd(on: engine, file, PodSettings(options: options))
      #expect(end.status == .exited(2), "\(end)")
      #expect(end.stderr.contains { $0.contains(line) }, "\(end)")
    }
  }
}
