import Compose
import Foundation
import TestSupport
import Testing
import YAML

@Suite("Files without interpolation")
struct RawModelTests {
  /// Cases whose output differs from Docker Compose's. docs/compose.md describes their classes.
  static let differing: [ModelCase: Set<String>] = [
    .rawJSON: ["extending/file-nulls", "keys/depends_on"]
  ]

  @Test("are printed as Docker Compose 5 does, for every case of the corpus")
  func parity() async throws {
    #expect(try ModelCase.goldens.strays(among: CorpusCase.all.map(\.description)) == [])
    let stored = try ModelCase.goldens.stored()
    for item in CorpusCase.all {
      for model in ModelCase.allCases where model.compares(item) {
        let theirs = stored[item.description]?.forms[model.rawValue] ?? ""
        let ours = try await onThread {
          do {
            return model.portable(try model.printed(item), item)
          } catch is DiagnosticError {
            return Golden.refused
          }
        }
        let isDiffering = Self.differing[model]?.contains(item.description) == true
        #expect(
          (ours == theirs) == !isDiffering,
          "\(item) \(model): \(Difference.first(ours, theirs))")
      }
    }
  }

  @Test("have the variables of values and of defaults, but none of `$$` or of keys")
  func variables() throws {
    let directory = try Directory([
      "compose.yaml": """
      services:
        a:
          image: ${IMAGE:-nginx}:${TAG?which ${NONE}}
          command: echo $$HOME $SHORT ${X:+yes} ${OUTER:-${INNER-x}} ${BROKEN
          environment: {$KEY: $VALUE, B: "5$ and $1"}
      x-note: ${TAG-latest}
      """
    ])
    let model = try ComposeLoader.model(LoadOptions(files: [directory.file("compose.yaml")]))
    let found = model.variables.map {
      "\($0.name) \($0.isRequired) \($0.defaultValue) \($0.presenceValue)"
    }
    #expect(
      found == [
        "IMAGE false nginx ", "INNER false x ", "OUTER false ${INNER-x} ", "SHORT false  ",
        "TAG true latest ", "VALUE false  ", "X false  yes",
      ])
    #expect(model.yaml.contains("image: ${IMAGE:-nginx}:${TAG?which ${NONE}}\n"))
    #expect(model.json.contains("\"command\": \"echo $$HOME $SHORT"))
  }

  @Test("are refused in the format of Compose 1")
  func legacy() throws {
    let directory = try Directory(["compose.yaml": "web: {image: a}"])
    #expect(throws: DiagnosticError.self) {
      try ComposeLoader.model(LoadOptions(files: [directory.file("compose.yaml")]))
    }
  }
}
