import Cgroups
import DockerEngine
import Foundation
import PodObjects
import TestSupport
import Testing

@testable import PodViews

@Suite("Samples of stats", .timeLimit(.minutes(3)))
struct StatsSamplerTests {
  /// A barrier for requests.
  private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private var present = 0
    private(set) var isComplete = false

    /// Returns when `count` callers have arrived, or after 20 seconds.
    func wait(for count: Int) {
      condition.lock()
      defer { condition.unlock() }
      present += 1
      if present == count { isComplete = true }
      condition.broadcast()
      let limit = Date(timeIntervalSinceNow: 20)
      while !isComplete, condition.wait(until: limit) {}
    }
  }

  @Test("the requests for all pods are concurrent: the engine takes a second or two for each")
  func concurrent() async throws {
    let meeting = Meeting()
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" {
        return .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
      }
      if request.target.contains("/stats") { meeting.wait(for: 3) }
      return .response(200, "{}")
    }
    defer { server.stop() }
    let pods = try (1...3).map { number in
      let identity = Samples.identity(task: "web.\(number)", run: "run-\(number)")
      let state = number == 1 ? "paused" : "running"
      return Samples.pod(
        [try Samples.container("web", id: "aa\(number)", state: state, identity: identity)],
        identity: identity)
    }
    var sampler = StatsSampler(
      engine: DockerEngine(endpoint: .unix(path: server.path)),
      reader: CgroupReader(mounts: CgroupMounts(mountinfo: "")))
    let rows = await sampler.sample(of: pods)
    #expect(rows.map(\.name) == ["web.1", "web.2", "web.3"])
    #expect(meeting.isComplete)
  }
}
