import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("A pod-reaper that is killed", .needsEngine)
struct ReaperCrashTests {
  @Test("during a pass is completed by the next pass", arguments: TestEngine.all)
  func finished(on engine: TestEngine) async throws {
    var random = SeededGenerator(for: "moments of a pass on \(engine)")
    try await withReaperSite(on: engine) { site in
      // Twenty times, on all engines together.
      let limit = 20 / TestEngine.all.count
      var kills = 0
      while kills < limit {
        try await withForged([.forged(), .forged(), .forged(by: .current())], on: engine) { pods in
          try await fill(pods)
          let living = try await pods[2].left()
          while kills < limit, try await isLeft(pods[..<2]) {
            let reaper = try site.reaper(["--once"]).start()
            let start = ContinuousClock.now
            let moment = Duration.milliseconds(Int.random(in: 10...500, using: &random))
            try await eventually("the moment") {
              ContinuousClock.now - start >= moment || reaper.status != nil
            }
            if reaper.send(SIGKILL) { kills += 1 }
            try await reaper.exit()
          }
          let end = try await site.once()
          #expect(end.status == .exited(0), "seed \(random.seed): \(end)")
          for pod in pods[..<2] {
            #expect(try await pod.left().isEmpty, "seed \(random.seed)")
          }
          let after = try await pods[2].left()
          #expect(after.containers == living.containers && after.volumes == living.volumes)
        }
      }
      // However it exited, every line of the journal is complete.
      let lines = (try? String(contentsOfFile: site.journal, encoding: .utf8)) ?? ""
      for line in lines.split(separator: "\n") {
        #expect(throws: Never.self) {
          try JSONSerialization.jsonObject(with: Data(line.utf8))
        }
      }
    }
  }

  private func isLeft(_ pods: ArraySlice<ForgedPod>) async throws -> Bool {
    for pod in pods where try await !pod.left().isEmpty { return true }
    return false
  }

  private func fill(_ pods: [ForgedPod]) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for pod in pods {
        for number in 0..<5 {
          group.addTask {
            try await pod.container(starts: number < 2) {
              $0.hostConfig?.cgroupParent = pod.identity.cgroupParent
              $0.volumes = ["/scratch"]
            }
          }
          group.addTask { try await pod.volume("data\(number)") }
        }
        group.addTask { try await pod.network() }
      }
      try await group.waitForAll()
    }
  }
}
