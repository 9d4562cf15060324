import Foundation
import PodObjects
import Synchronization
import TestSupport
import Testing

@testable import Reaping

@Suite("Image care", .needsEngine, .throttled)
struct ImageCareTests {
  /// The state of an image at the time of the pass.
  enum Kind: String, CaseIterable {
    case old, young, stopped, anothers, before, kept, leased, tagged, moved

    /// Whether the pod's name of it is removed if no pod is launched meanwhile.
    var isRemoved: Bool { self == .old || self == .tagged }
  }

  /// The time at which a pod that uses the images is launched.
  enum Moment: String, CaseIterable, CustomTestStringConvertible {
    case never, listed, decided, locked, checked, removed
    var testDescription: String { rawValue }
  }

  @Test(
    "removes images that pods have pulled and no container uses, whenever a pod is launched",
    arguments: TestEngine.all, Moment.allCases)
  func matrix(on engine: TestEngine, launch moment: Moment) async throws {
    try await CaredImages.with(on: engine) { images in
      var names: [Kind: String] = [:]
      for kind in Kind.allCases { names[kind] = try await images.image(kind.rawValue) }
      func name(_ kind: Kind) -> String { names[kind] ?? "" }
      let all = Kind.allCases.compactMap { names[$0] }
      // Images that were not pulled by a pod.
      try await images.docker("pull", "-q", name(.anothers))
      try await images.docker("pull", "-q", name(.before))
      try await images.use(Kind.allCases.filter { $0 != .before }.map(name))
      try await images.use([name(.before)], more: "pull_policy: always")
      let recorded = try await images.records().list().records.map(\.name)
      #expect(
        Set(recorded) == Set(Kind.allCases.filter { ![.anothers, .before].contains($0) }.map(name)))
      try await images.age(all, days: 8)
      try await images.age([name(.young)], days: 6.9)
      let stopped = try await images.docker("create", name(.stopped), "true")
      let other = "care-other/\(UUID().uuidString.lowercased()):1"
      try await images.docker("tag", name(.tagged), other)
      try await images.docker("tag", "pod-test/busybox", name(.moved))
      let moved = try await images.docker("image", "inspect", "-f", "{{.Id}}", name(.moved))
      let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
      try await EngineTap.with(engine, faults: [hold]) { tap in
        let settings = PodSettings(
          environment: images.environment.merging(["DOCKER_HOST": tap.dockerHost]) { $1 })
        try await withPod(on: engine, CaredImages.file([name(.leased)]), settings) { pod in
          try await tap.isHeld()
          let launches = Mutex<[Task<Void, any Error>]>([])
          let launched = Mutex<Set<String>>([])
          @Sendable func launch(_ used: [String], isBlocked: Bool) async {
            launched.withLock { $0.formUnion(used) }
            let (waiting, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
              defer { signal.finish() }
              try await withPod(
                on: engine, CaredImages.file(used),
                PodSettings(
                  options: ["--log-level", "debug"], environment: images.environment)
              ) { pod in
                if isBlocked {
                  try await pod.executor.line(
                    containing: "waiting until the removal is complete", in: .stderr)
                  signal.finish()
                }
                let end = try await pod.ended(within: .seconds(300))
                #expect(end.status == .exited(0), "\(end)")
              }
            }
            launches.withLock { $0.append(task) }
            if isBlocked { for await _ in waiting {} } else { _ = await task.result }
          }
          let usable = all.filter { $0 != name(.leased) }
          var reclaims = false
          let report = try await images.care(
            keep: ["*/care/\(Kind.kept.rawValue)"], reclaims: &reclaims,
            reached: { step in
              switch (step, moment) {
              case (.listed, .listed), (.decided, .decided):
                await launch(usable, isBlocked: false)
              case (.locked(let name), .locked), (.checked(let name), .checked):
                await launch([name], isBlocked: true)
              case (.removed(let name), .removed):
                await launch([name], isBlocked: false)
              default: break
              }
            })
          for launch in launches.withLock(\.self) { try await launch.value }
          let isLate = ![.listed, .decided].contains(moment)
          // The image that the name referred to before is removed by its digest.
          let digest = "/care/\(Kind.moved.rawValue)@sha256:"
          #expect(report.removed.count { $0.contains(digest) } == 1, "\(report)")
          #expect(
            Set(report.removed.filter { !$0.contains(digest) })
              == (isLate ? Set(Kind.allCases.filter(\.isRemoved).map(name)) : []), "\(report)")
          #expect(report.failed.isEmpty && report.notes.isEmpty, "\(report)")
          let again = launched.withLock(\.self)
          #expect(moment == .never || !again.isEmpty)
          for kind in Kind.allCases {
            let isThere = try await images.has(name(kind))
            let expected = !kind.isRemoved || !isLate || again.contains(name(kind))
            #expect(isThere == expected, "\(kind) after a launch at \(moment): \(report)")
          }
          #expect(try await images.has(other))
          #expect(
            try await images.docker("image", "inspect", "-f", "{{.Id}}", name(.moved)) == moved)
          try await tap.release()
          let end = try await pod.ended()
          #expect(end.status == .exited(0), "\(end)")
        }
      }
      try await images.docker("rm", stopped)
      try await images.remove(all + [other])
    }
  }

  @Test("on a full disk removes the longest unused images until there is space, some in each pass")
  func disk() async throws {
    let engine = try #require(TestEngine.all.first)
    try await CaredImages.with(on: engine) { images in
      var names: [String] = []
      for _ in 0..<4 { names.append(try await images.image()) }
      try await images.use(names)
      for (index, name) in names.enumerated() {
        try await images.age([name], days: 4 - Double(index))
      }
      // Each removed image frees space.
      let percent = Mutex(90)
      var reclaims = false
      let disk = { @Sendable () -> Int? in percent.withLock(\.self) }
      let empty = { @Sendable (step: ImageCare.Step) async in
        if case .removed = step { percent.withLock { $0 -= 4 } }
      }
      let first = try await images.care(most: 2, reclaims: &reclaims, disk: disk, reached: empty)
      #expect(first.removed == Array(names[..<2]), "\(first)")
      #expect(reclaims)
      let second = try await images.care(most: 2, reclaims: &reclaims, disk: disk, reached: empty)
      #expect(second.removed == [names[2]] && !reclaims, "\(second)")
      percent.withLock { $0 = 84 }
      reclaims = false
      let third = try await images.care(reclaims: &reclaims, disk: disk)
      #expect(third.removed.isEmpty && third.diskPercent == 84, "\(third)")
      try await images.remove(names)
    }
  }

  @Test("is done by the program if it is enabled, and reported")
  func program() async throws {
    let engine = try #require(TestEngine.all.first)
    try await CaredImages.with(on: engine) { images in
      let name = try await images.image()
      try await images.use([name])
      try await images.age([name], days: 8)
      let off = try await images.site.once()
      #expect(off.status == .exited(0) && off.report?.images == nil, "\(off)")
      let young = try await images.site.once(
        "--image-care", "on", "--image-age", "9d", "--disk-high", "0")
      #expect(
        young.report?.images?.removed == [] && young.report?.images?.recorded == 1, "\(young)")
      let words = ["--image-care", "on", "--disk-high", "0"]
      let dry = try await images.site.once(words + ["--dry-run"])
      #expect(dry.report?.images?.due == [name], "\(dry)")
      let on = try await images.site.once(words)
      #expect(on.status == .exited(0) && on.report?.images?.removed == [name], "\(on)")
      // Its data root is on this host, in the engine's own mount namespace.
      #expect((0...100).contains(try #require(on.report?.images?.diskPercent)), "\(on)")
      #expect(on.report?.images?.notes == [])
      #expect(try await !images.has(name))
      #expect(try await images.records().list().records.isEmpty)
    }
  }
}
