import Compose
import Testing
import YAML

@Suite("The format of Compose 1 has the meaning of Docker Compose 1.29.2")
struct LegacyParityTests {
  /// Intended differences: the case, the field of a service, and the reason.
  private static let deliberate: [(case: String, field: String, reason: String)] = [
    ("scalars", "a.environment", "numbers and words are read as in every other file, by YAML 1.2"),
    ("labels-boolean", "a.labels", "true is `true`, not Python's `True`"),
    (
      "container-name", "b.network_mode", "a pod renames its containers, so the name is a service's"
    ),
  ]

  /// Cases that Docker Compose refuses and this project accepts by intention.
  private static let taken: [(case: String, reason: String)] = [
    ("build-missing-folder", "the directory is looked for when the image is built, as today"),
    ("quota-text", "1.29.2 stops with a TypeError: that is no meaning"),
  ]

  @Test("the corpus is broad, and each case has a golden")
  func broad() throws {
    #expect(CorpusCase.legacy.count >= 50 && CorpusCase.legacyRefused.count >= 40)
    for part in Compose1.Part.allCases {
      #expect(try part.goldens.strays(among: part.cases.map(\.description)) == [], "\(part)")
    }
  }

  @Test("each key and form has the same fields")
  func fields() async throws {
    for (item, response) in try await Compose1.responses(for: .accepted) {
      let expected = Set(Self.deliberate.filter { $0.case == item.description }.map(\.field))
      #expect(response.error == nil, "\(item): \(response.error ?? "")")
      #expect(
        response.ours != nil, "\(item): \(String(describing: Self.refusal(of: item)))")
      let found = response.differences
      #expect(Set(found.keys) == expected, "\(item): \(found)")
    }
    for entry in Self.deliberate {
      #expect(CorpusCase.legacy.contains { $0.description == entry.case }, "\(entry)")
    }
  }

  @Test("a file that it refuses is refused with its position")
  func refused() async throws {
    for (item, response) in try await Compose1.responses(for: .refused) {
      #expect(response.error != nil, "\(item)")
      let error = Self.refusal(of: item)
      if Self.taken.contains(where: { $0.case == item.description }) {
        #expect(error == nil, "\(item)")
        continue
      }
      #expect((error?.position?.line ?? 0) > 0, "\(item): \(String(describing: error))")
      #expect(error?.message.contains("\n") == false)
    }
  }

  @Test("a service of versions 2 and 3 has the same fields")
  func versions() async throws {
    let responses = try await Compose1.responses(for: .versions)
    #expect(responses.count >= 40)
    for (item, response) in responses {
      // Docker Compose 1.29.2 refuses version numbers that the current specification ignores.
      if item.description.hasPrefix("versions/value-") { continue }
      #expect(response.error == nil, "\(item): \(response.error ?? "")")
      #expect(response.differences.isEmpty, "\(item): \(response.differences)")
    }
  }

  private static func refusal(of item: CorpusCase) -> DiagnosticError? {
    do throws(DiagnosticError) {
      _ = try ComposeLoader.load(item.options())
      return nil
    } catch {
      return error
    }
  }
}
