import Compose
import Testing

@testable import PodRuntime

@Suite("Restart policies")
struct RestartTests {
  @Test(
    "decide as Docker's policies do",
    arguments: [
      (RestartPolicy.no, 0, 0, RestartDecision.ended), (.no, 1, 0, .failed),
      (.always, 0, 9, .restart), (.always, 1, 9, .restart), (.unlessStopped, 0, 0, .restart),
      (.onFailure(maximumRetries: nil), 0, 3, .ended),
      (.onFailure(maximumRetries: nil), 1, 99, .restart),
      (.onFailure(maximumRetries: 2), 1, 0, .restart),
      (.onFailure(maximumRetries: 2), 1, 1, .restart),
      (.onFailure(maximumRetries: 2), 1, 2, .failed), (.onFailure(maximumRetries: 2), 0, 2, .ended),
      (.onFailure(maximumRetries: 0), 1, 50, .restart),
    ])
  func decision(
    policy: RestartPolicy, exitCode: Int, restarts: Int, expected: RestartDecision
  ) {
    #expect(
      RestartDecision(policy: policy, exitCode: exitCode, restarts: restarts) == expected)
  }

  @Test(
    "have their own limit, whatever the exit code",
    arguments: [
      (0, 1, RestartDecision.restart), (0, 2, .ended), (3, 1, .restart), (3, 2, .failed),
    ])
  func bound(exitCode: Int, restarts: Int, expected: RestartDecision) {
    #expect(
      RestartDecision(policy: .always, exitCode: exitCode, restarts: restarts, most: 2) == expected)
  }

  @Test("wait from 100 ms, doubling to one minute, and reset after running ten seconds")
  func backoff() {
    var backoff = RestartBackoff()
    var waits: [Duration] = []
    for _ in 0..<12 { waits.append(backoff.next(afterRunning: .seconds(1))) }
    #expect(
      waits.prefix(4) == [
        .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
      ])
    #expect(waits[10] == .seconds(60))
    #expect(waits[11] == .seconds(60))
    #expect(backoff.next(afterRunning: .seconds(10)) == .milliseconds(100))
  }
}
