import Testing

@testable import PodIdentity

@Suite("A run's slice")
struct PodSliceTests {
  static let runs = [
    "11111111-2222-3333-4444-555555555555", "a-b", "a_b", "a.2db", "a.b", "a--b", "a-_b", "a_-b",
    "-",
    "_", ".", "a b", "ä", "a:b", "a\\b", "A", "a", "2d", ".2d", "x.slice", "composepods", "a%", "é",
    "e\u{301}",
  ]

  @Test("is named after the run, and its path has one level for each dash")
  func named() throws {
    let slice = try #require(PodSlice(run: "11111111-2222-3333-4444-555555555555"))
    #expect(slice.unit == "composepods-11111111_2222_3333_4444_555555555555.slice")
    #expect(slice.path == "/composepods.slice/\(slice.unit)")
    #expect(slice.above == "composepods.slice")
  }

  @Test("is below the operator's slice")
  func parent() throws {
    let slice = try #require(PodSlice(run: "r-1", parent: "a-b.slice"))
    #expect(slice.unit == "a-b-composepods-r_1.slice")
    #expect(
      slice.path
        == "/a.slice/a-b.slice/a-b-composepods.slice/a-b-composepods-r_1.slice")
    #expect(slice.above == "a-b-composepods.slice")
    #expect(PodSlice(run: "r-1", parent: "-.slice") == PodSlice(run: "r-1"))
  }

  @Test("is parsed from its unit and its path, and is unique to its run", arguments: runs)
  func found(run: String) throws {
    for parent in [nil, "mesos.slice"] {
      let slice = try #require(PodSlice(run: run, parent: parent))
      #expect(PodSlice(unit: slice.unit) == slice)
      #expect(PodSlice(path: slice.path) == slice)
      #expect(slice.unit.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") })
      let others = Self.runs.filter { !$0.utf8.elementsEqual(run.utf8) }
      #expect(!others.contains { PodSlice(run: $0, parent: parent)?.unit == slice.unit })
    }
  }

  @Test(
    "isn't recognized in another unit's name",
    arguments: [
      "composepods.slice", "composepods-.slice", "composepods-a-b.slice", "composepods-a_b",
      "composepods-a%.slice", "composepods-.2D.slice", "composepods-.61.slice",
      "composepods-.zz.slice",
      "composepods-.f.slice", "-composepods-a.slice", "xcomposepods-a.slice",
      "a--composepods-b.slice",
      "user.slice", "", ".slice", "composepods-.ff.slice", "composepods-a.scope",
    ])
  func foreign(unit: String) { #expect(PodSlice(unit: unit) == nil) }

  @Test(
    "has only the path that its name implies",
    arguments: [
      "/composepods-a.slice", "/x/composepods.slice/composepods-a.slice",
      "/composepods.slice/composepods-a.slice/", "composepods.slice/composepods-a.slice",
      "/composepods.slice/../composepods.slice/composepods-a.slice", "/compose-pods/a",
      "/mesos/11111111-2222-3333-4444-555555555555", "//composepods.slice/composepods-a.slice",
    ])
  func elsewhere(path: String) { #expect(PodSlice(path: path) == nil) }

  @Test(
    "has no parent other than a slice",
    arguments: [
      "", "a", "a.scope", "a--b.slice", "-a.slice", "a-.slice", "a:b.slice", "a/b.slice", "ä.slice",
    ])
  func badParent(parent: String) { #expect(PodSlice(run: "a", parent: parent) == nil) }

  @Test("has a name that is valid as a file name")
  func longest() {
    #expect(PodSlice(run: String(repeating: "a", count: 237)) != nil)
    #expect(PodSlice(run: String(repeating: "a", count: 238)) == nil)
    #expect(PodSlice(run: "") == nil)
  }

  @Test("has a description that names the owning process")
  func owner() {
    let incarnation = Incarnation(bootID: "b-1", pid: 4711, startTime: 99)
    let description = PodOwner(incarnation).description
    #expect(description == "compose-executor pod: process 4711 started 99 boot=b-1")
    #expect(PodOwner(description: description)?.incarnation == incarnation)
    let unknown = PodOwner(Incarnation(bootID: "b-1", pid: nil, startTime: nil)).description
    for text in [
      unknown, "", "Slice /composepods/a", description + " x", "x " + description,
      description.replacing("4711", with: "0"), description.replacing("99", with: "-1"),
    ] { #expect(PodOwner(description: text) == nil) }
  }
}
