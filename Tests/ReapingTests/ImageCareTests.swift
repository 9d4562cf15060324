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
