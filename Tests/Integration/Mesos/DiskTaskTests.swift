import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("The disk resource of a Mesos task", .needsEngine, .throttled)
struct DiskTaskTests {
  @Test(
    "fails a task whose containers write more, if its label enforces it", arguments: MesosHost.all)
  func enforced(on host: MesosHost) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "trap 'exit 0' TERM; dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null; sleep 1000 & wait"]
      """
    var settings = MesosSettings(
      task: { task in
        task.disk = 2
        task.labels = [("pod.disk", "enforce")]
      })
    settings.environment["COMPOSE_EXECUTOR_RELIST_INTERVAL"] = "1s"
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED" && end.reason == "REASON_CONTAINER_LIMITATION_DISK")
      #expect(end.message?.contains(": web 3.0 MB") == true, "\(end)")
      #expect(end.message?.contains("its limit is 2.0 MB") == true, "\(end)")
      #expect(try await pod.exited() == .exited(0))
    }
  }
}
