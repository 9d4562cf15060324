import Compose
import Foundation
import Testing

@Suite("config prints what Docker Compose 5 prints")
struct ParityTests {
  @Test("the oracle is installed")
  func oracleIsThere() {
    #expect(Oracle.program != nil, "\(Oracle.Missing())")
  }

  @Test("the corpus is broad")
  func corpusIsBroad() {
    #expect(CorpusCase.all.count >= 60)
  }

  @Test("as JSON", arguments: CorpusCase.all)
  func json(_ item: CorpusCase) async throws {
    try await compare(item, format: "json") { $0.json() }
  }

  @Test("as YAML", arguments: CorpusCase.all)
  func yaml(_ item: CorpusCase) async throws {
    try await compare(item, format: "yaml") { $0.yaml() }
  }

  @Test("what is printed loads again and prints the same", arguments: CorpusCase.all)
  func roundTrip(_ item: CorpusCase) throws {
    let first = try load(item.files, of: item).yaml()
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("compose-\(item.description)-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(first.utf8).write(to: file)
    let again = try load([file.path], of: item, directory: CorpusCase.folder).yaml()
    #expect(again == first)
  }

  private func load(
    _ files: [String], of item: CorpusCase, directory: String? = nil
  ) throws -> Project {
    try ComposeLoader.load(
      LoadOptions(
        files: files, projectDirectory: directory, projectName: item.isNamed ? nil : "parity",
        environment: CorpusCase.variables,
        fallbackEnvironment: ["HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/"]))
  }

  private func compare(
    _ item: CorpusCase, format: String, print: (Project) -> String
  ) async throws {
    let oracle = try await Oracle.config(
      files: item.files, format: format, name: item.isNamed ? nil : "parity",
      environment: CorpusCase.variables)
    #expect(oracle.status == 0, "\(oracle.errors)")
    let ours = print(try load(item.files, of: item))
    #expect(ours == oracle.output, "\(Difference.first(ours, oracle.output))")
  }
}

/// Where two texts part.
enum Difference {
  static func first(_ ours: String, _ theirs: String) -> String {
    let (left, right) = (
      ours.split(separator: "\n", omittingEmptySubsequences: false),
      theirs.split(separator: "\n", omittingEmptySubsequences: false)
    )
    for (index, pair) in zip(left, right).enumerated() where pair.0 != pair.1 {
      return "line \(index + 1): ours [\(pair.0)] theirs [\(pair.1)]"
    }
    return left.count == right.count ? "none" : "lengths \(left.count) and \(right.count)"
  }
}
