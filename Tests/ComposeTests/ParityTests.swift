import Compose
import Foundation
import Testing
import YAML

@Suite("config prints what Docker Compose 5 prints")
struct ParityTests {
  @Test("the oracle is installed")
  func oracleIsThere() {
    #expect(Oracle.program != nil, "\(Oracle.Missing())")
  }

  @Test("the corpus is broad")
  func corpusIsBroad() {
    #expect(CorpusCase.all.count >= 200)
    #expect(CorpusCase.refused.count >= 100)
  }

  @Test("as JSON", arguments: CorpusCase.all)
  func json(_ item: CorpusCase) async throws {
    try await compare(item, format: "json") { try $0.json() }
  }

  @Test("as YAML", arguments: CorpusCase.all.filter(\.isForYAML))
  func yaml(_ item: CorpusCase) async throws {
    try await compare(item, format: "yaml") { $0.yaml() }
  }

  @Test(
    "what is printed loads again and prints the same", arguments: CorpusCase.all, ["yaml", "json"])
  func roundTrip(_ item: CorpusCase, format: String) async throws {
    func print(_ options: LoadOptions) throws -> String {
      let project = try ComposeLoader.load(options)
      return format == "json" ? try project.json() : project.yaml()
    }
    let first = try print(item.options())
    // Docker Compose writes control characters into JSON as they are, where libyaml doesn't take them.
    if first.unicodeScalars.contains(where: { (0x7F...0x9F).contains($0.value) }) { return }
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("compose-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(first.utf8).write(to: file)
    var options = item.options(files: [file.path], directory: item.directory)
    (options.envFiles, options.profiles) = ([], ["*"])
    // Docker Compose prints a few things that it doesn't read, or reads otherwise.
    let printed = CorpusCase(description: item.description, files: [file.path])
    do {
      let again = try print(options)
      if again == first { return }
      let oracle = try await Oracle.config(
        printed, format: format, directory: item.directory, environment: CorpusCase.variables)
      #expect(again == oracle.output, "\(Difference.first(again, oracle.output))")
    } catch let error as ComposeError {
      let oracle = try await Oracle.config(
        printed, format: "json", environment: CorpusCase.variables)
      #expect(oracle.status != 0, "\(error)")
    }
  }

  @Test("what it refuses is refused with its place", arguments: CorpusCase.refused)
  func refusal(_ item: CorpusCase) async throws {
    let oracle = try await Oracle.config(
      item, format: "json", environment: CorpusCase.variables)
    #expect(oracle.status != 0, "\(oracle.output)")
    let error = #expect(throws: ComposeError.self) {
      try ComposeLoader.load(item.options()).json()
    }
    #expect((error?.position?.line ?? 0) > 0, "\(String(describing: error))")
    #expect(error?.message.contains("\n") == false)
  }

  private func compare(
    _ item: CorpusCase, format: String, print: (Project) throws -> String
  ) async throws {
    let oracle = try await Oracle.config(
      item, format: format, environment: CorpusCase.variables)
    #expect(oracle.status == 0, "\(oracle.errors)")
    let ours = try print(try ComposeLoader.load(item.options()))
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
