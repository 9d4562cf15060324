import DockerEngine
import Foundation
import Testing

@Suite("The page of engines")
struct EnginePageTests {
  @Test("docs/reference/engines.md is what the code says")
  func documented() throws {
    try Project.expect("docs/reference/engines.md", toBe: EnginePage.text())
  }

  @Test("names every feature, with its version and release")
  func complete() throws {
    let rows = MarkdownTable.all(in: EnginePage.text()).flatMap(\.rows)
    for feature in EngineFeature.allCases {
      let row = rows.first { $0.first == EnginePage.name(of: feature) }
      #expect(row?[1] == "\(feature.since)" && row?[2] == feature.since.engine, "\(feature)")
    }
    #expect(rows.count == EngineFeature.allCases.count)
  }
}

/// docs/reference/engines.md, made from the table of the Engine API's features.
enum EnginePage {
  /// Makes the page.
  static func text() -> String {
    let oldest = APIVersion.oldest
    var text = """
      # Versions of the Engine API

      Generated from the code by the tests (`EnginePageTests`; `UPDATE_DOCS=1` writes it anew).

      `compose-executor` and `pod-reaper` agree with the engine on the newest version of the
      [Engine API](https://docs.docker.com/reference/api/engine/) that both know, from \(oldest) (Docker \(oldest.engine)) to
      \(APIVersion.newest) (Docker \(APIVersion.newest.engine)); with a newer engine they use \(APIVersion.newest). An older engine is refused.
      `DOCKER_API_VERSION` caps the version, as for the `docker` command: what is newer than `1.40` isn't used where it says `1.40`.
      Nothing is sent that the version doesn't have. An engine that no longer speaks the version refuses each request; the
      message names `DOCKER_API_VERSION` then.

      A `build:` is the work of the `docker` command, which refuses by itself what the engine can't build.

      """
    text += section(
      "Refused", .refused,
      "A pod that needs one of these is refused with file, line and column before anything is created.",
      head: ["what", "since API", "Docker"])
    for (title, fallback) in [
      ("Worked around", EngineFeature.Fallback.workedAround),
      ("Left out, with a warning", .leftOut),
      ("Not reported", .notReported),
    ] {
      text += section(title, fallback, nil, head: ["what", "since API", "Docker", "before that"])
    }
    return text
  }

  private static func section(
    _ title: String, _ fallback: EngineFeature.Fallback, _ words: String?, head: [String]
  ) -> String {
    let rows = EngineFeature.allCases.filter { $0.fallback == fallback }
      .sorted { ($0.since, $0.subject) < ($1.since, $1.subject) }
      .map { feature in
        let row = [name(of: feature), "\(feature.since)", feature.since.engine]
        return feature.below.isEmpty ? row : row + [feature.below]
      }
    let lines = ([head, head.map { _ in "---" }] + rows).map {
      "| \($0.joined(separator: " | ")) |"
    }
    return "\n## \(title)\n\n" + (words.map { $0 + "\n\n" } ?? "")
      + lines.joined(separator: "\n") + "\n"
  }

  /// What a feature is called in the page.
  static func name(of feature: EngineFeature) -> String {
    feature.subject.hasSuffix(",") ? String(feature.subject.dropLast()) : feature.subject
  }
}
