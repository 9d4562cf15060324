import DockerEngine
import Foundation
import Testing

@Suite("The page of engines")
struct EnginePageTests {
  @Test("docs/reference/engines.md matches the code")
  func documented() throws {
    try Project.expect("docs/reference/engines.md", toBe: EnginePage.text())
  }

  @Test("lists every feature with its version and release")
  func complete() throws {
    let rows = MarkdownTable.all(in: EnginePage.text()).flatMap(\.rows)
    for feature in EngineFeature.allCases {
      let row = rows.first { $0.first == EnginePage.name(of: feature) }
      #expect(row?[1] == "\(feature.since)" && row?[2] == feature.since.engine, "\(feature)")
    }
    #expect(rows.count == EngineFeature.allCases.count)
  }
}

/// docs/reference/engines.md, generated from the table of the Engine API's features.
enum EnginePage {
  /// Creates the page.
  static func text() -> String {
    let oldest = APIVersion.oldest
    var text = """
      # Versions of the Engine API

      Generated from the code by the tests (`EnginePageTests`; `UPDATE_DOCS=1` updates it).

      `compose-executor` and `pod-reaper` use the newest version of the [Engine API](https://docs.docker.com/reference/api/engine/) that both they
      and the engine support, from \(oldest) (Docker \(oldest.engine)) to \(APIVersion.newest) (Docker \(APIVersion.newest.engine)). With a newer engine they
      use \(APIVersion.newest). They refuse an older engine. `DOCKER_API_VERSION` limits the version, as for the `docker` command: with `1.40`, newer
      features are not used. No request contains a field that the version does not have. An engine that has dropped support for the version refuses each request, and the
      message names `DOCKER_API_VERSION`.

      The `docker` command performs a `build:`, and reports itself what the engine cannot build.

      """
    text += section(
      "Refused", .refused,
      "A pod that needs one of these is refused with file, line and column before anything is created.",
      head: ["feature", "since API", "Docker"])
    for (title, fallback) in [
      ("Emulated", EngineFeature.Fallback.workedAround),
      ("Omitted with a warning", .leftOut),
      ("Not reported by the engine", .notReported),
    ] {
      text += section(
        title, fallback, nil, head: ["feature", "since API", "Docker", "on an older engine"])
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

  /// The name of a feature in the page.
  static func name(of feature: EngineFeature) -> String {
    feature.subject.hasSuffix(",") ? String(feature.subject.dropLast()) : feature.subject
  }
}
