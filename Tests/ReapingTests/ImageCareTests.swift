import DockerEngine
import Logging
import TestSupport
import Testing

@testable import PodObjects
@testable import Reaping

@Suite("The selection of images to remove")
struct ImageChoiceTests {
  private static let settings = ImageCareSettings(
    age: .seconds(100), high: 85, low: 80, most: 10, keep: [])

  private func record(_ name: String, used: Double) -> ImageRecords.Record {
    ImageRecords.Record(name: name, id: name, digest: "", used: used, path: name)
  }

  @Test("begins with the longest unused; younger ones follow only while the disk is too full")
  func order() {
    let records = [
      record("c", used: 950), record("b", used: 800), record("a", used: 800),
      record("d", used: 899), record("e", used: 2000),
    ]
    func names(_ isReclaiming: Bool) -> [String] {
      ImageCare.candidates(records, .seconds(100), isReclaiming, now: 1000).map(\.name)
    }
    #expect(names(false) == ["a", "b", "d"])
    #expect(names(true) == ["a", "b", "d", "c", "e"])
  }

  @Test(
    "frees space from above the high mark until below the low one",
    arguments: [
      (false, 85, false), (false, 86, true), (true, 85, true), (true, 80, true), (true, 79, false),
      (true, nil, false), (false, nil, false),
    ] as [(Bool, Int?, Bool)])
  func marks(before: Bool, percent: Int?, after: Bool) {
    #expect(ImageCare.isReclaiming(before, percent, Self.settings) == after)
  }

  @Test("is not limited to the disk with a high mark of 0")
  func never() {
    var settings = Self.settings
    settings.high = 0
    #expect(!ImageCare.isReclaiming(true, 100, settings))
  }

  @Test("measures an engine's disk only on its own host")
  func dataRoot() async {
    for (root, socket) in [
      ("/var/lib/docker", nil), ("var/lib", "/nonexistent"), ("/a/../b", "/x"),
      ("/var/lib", "/nonexistent"),
    ] as [(String, String?)] {
      let found = await DataRoot.find(root, socket: socket)
      #expect(found.path == nil && found.reason.hasSuffix("don't apply, image-age does"))
      #expect(await found.percent() == nil)
    }
  }
}

@Suite("The removal of images that dead pods' tasks requested", .timeLimit(.minutes(2)))
struct ImageDebtTests {
  /// Removes two images from an engine that responds to the removal of the first with a status;
  /// nil for a closed connection.
  private func remove(_ status: Int?) async throws -> ImageRemoval.Outcome {
    let server = try FakeHTTPServer { request in
      let path = request.path.split(separator: "/").dropFirst().joined(separator: "/")
      return switch "\(request.method) \(path)" {
      case "DELETE images/first":
        status.map { ServerReply.response($0, #"{"message":"refused"}"#) } ?? .textThenClose("")
      case "DELETE images/second": .response(200, "[]")
      case "GET images/first/json", "GET images/second/json":
        .response(200, #"{"Id":"sha256:00","RepoTags":[]}"#)
      case "GET containers/json": .response(200, "[]")
      default: .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
      }
    }
    defer { server.stop() }
    return try await withTemporaryDirectory { directory in
      await ImageRemoval(
        engine: DockerEngine(endpoint: .unix(path: server.path)),
        leases: ImageLeases(directory: directory.path("leases/images")),
        progress: PassHeartbeat(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      ).remove(["first", "second"])
    }
  }

  @Test(
    "is tried again after a failure of the engine, and not after a refusal for the image's sake",
    arguments: [
      (200, true), (400, true), (404, true), (409, true), (403, false), (500, false), (503, false),
    ])
  func statuses(status: Int, isFinal: Bool) async throws {
    let outcome = try await remove(status)
    #expect(outcome.failed.isEmpty == isFinal, "\(outcome)")
    #expect(outcome.removed == (status == 200 ? ["first", "second"] : ["second"]))
  }

  @Test("is given up after a day and ten failures without a success")
  func aged() {
    var ledger = RemovalLedger(imageDebts: ImageDebts(path: "/nowhere/images.json"))
    let debt = OwedImages(Sample.identity(pid: 1), images: ["first"])
    let begin = ContinuousClock.now
    func isSettled(failed: Bool, after seconds: Int) -> Bool {
      ledger.isSettled(debt, failed: failed, at: begin + .seconds(seconds))
    }
    for _ in 0..<12 { #expect(!isSettled(failed: true, after: 0)) }
    #expect(!isSettled(failed: true, after: 86_399))
    #expect(isSettled(failed: true, after: 86_400))
    // From here on it is another debt. Two failures are too few, however long the engine was away.
    #expect(!isSettled(failed: true, after: 86_401))
    #expect(!isSettled(failed: true, after: 200_000))
    #expect(isSettled(failed: false, after: 200_001))
    for _ in 0..<12 { #expect(!isSettled(failed: true, after: 200_002)) }
  }

  @Test("stops at the first image if the engine becomes unavailable")
  func away() async throws {
    let outcome = try await remove(nil)
    #expect(outcome.failed.count == 1 && outcome.removed.isEmpty, "\(outcome)")
  }
}
