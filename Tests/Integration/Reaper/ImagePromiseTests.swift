import Foundation
import PodObjects
import TestSupport
import Testing

@testable import Reaping

@Suite("Images that a crashed executor had to remove", .needsEngine, .throttled)
struct ImagePromiseTests {
  /// The request during which the executor is killed; empty for a running pod.
  enum Crash: String, CaseIterable, CustomTestStringConvertible {
    case beforePull = "^POST /images/create"
    case beforeCreate = "^POST /containers/create"
    case running = ""
    case duringRemoval = "^DELETE /containers/"
    case beforeImages = "^DELETE /images/"

    var testDescription: String { "\(self)" }
  }

  /// The other user of the image.
  enum Other: CaseIterable { case nobody, container, launch }

  @Test(
    "are removed by pod-reaper, unless another pod uses them",
    arguments: Crash.allCases, Other.allCases)
  func matrix(_ crash: Crash, _ other: Other) async throws {
    let engine = try #require(TestEngine.all.first)
    try await CaredImages.with(on: engine) { images in
      try await images.site.once()
      let image = try await images.image()
      let fault = EngineTap.Fault(
        request: crash == .running ? "^NOTHING" : crash.rawValue, holdsRequest: true)
      try await EngineTap.with(engine, faults: [fault]) { tap in
        let settings = PodSettings(
          options: ["--rmi", "all"],
          environment: images.environment.merging(["DOCKER_HOST": tap.dockerHost]) { $1 })
        let command = crash == .running ? "sleep 1000" : "true"
        try await withPod(on: engine, CaredImages.file([image], command: command), settings) {
          pod in
          if crash == .running { try await pod.running() } else { try await tap.isHeld() }
          try await pod.kill()
          try await withOther(other, image, images) {
            let end = try await images.site.once()
            #expect(end.status == .exited(0), "\(end)")
            #expect(try await images.has(image) == (other != .nobody), "\(end)")
          }
          try await expectNothingLeft(of: pod)
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: images.state.promisesDirectory)
      #expect(left.isEmpty)
      let debts = try? String(contentsOfFile: images.state.path + "/images.json", encoding: .utf8)
      #expect(debts == nil || debts == "[]", "\(debts ?? "")")
      try await images.remove([image])
    }
  }

  /// Another pod uses the image meanwhile: one that runs, or one that is about to create its
  /// container.
  private func withOther(
    _ other: Other, _ image: String, _ images: CaredImages, _ body: () async throws -> Void
  ) async throws {
    let engine = images.site.engine
    guard other != .nobody else { return try await body() }
    let hold = EngineTap.Fault(
      request: other == .launch ? "^POST /containers/create" : "^NOTHING", holdsRequest: true)
    try await EngineTap.with(engine, faults: [hold]) { tap in
      let settings = PodSettings(
        environment: images.environment.merging(["DOCKER_HOST": tap.dockerHost]) { $1 })
      let command = other == .launch ? "true" : "trap 'exit 0' TERM; sleep 1000 & wait"
      try await withPod(on: engine, CaredImages.file([image], command: command), settings) { pod in
        if other == .launch { try await tap.isHeld() } else { try await pod.running() }
        try await body()
        if other == .launch { try await tap.release() } else { pod.send(SIGTERM) }
        let end = try await pod.ended()
        #expect(end.states.last == (other == .launch ? "TASK_FINISHED" : "TASK_KILLED"), "\(end)")
      }
    }
  }

  @Test("aren't recorded anymore after an executor has removed them itself")
  func kept() async throws {
    let engine = try #require(TestEngine.all.first)
    try await CaredImages.with(on: engine) { images in
      let image = try await images.image()
      let end = try await podEnd(
        on: engine, CaredImages.file([image]),
        PodSettings(options: ["--rmi", "all"], environment: images.environment))
      #expect(end.status == .exited(0), "\(end)")
      #expect(try await !images.has(image))
      let left = try FileManager.default.contentsOfDirectory(atPath: images.state.promisesDirectory)
      #expect(left.isEmpty)
    }
  }
}
