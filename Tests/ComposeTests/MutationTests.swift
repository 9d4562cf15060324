import Compose
import Foundation
import TestSupport
import Testing

@Suite("Loading mutated files neither crashes nor hangs")
struct MutationTests {
  @Test("each ends in a project or an error with one line", .timeLimit(.minutes(6)))
  func mutated() async throws {
    var generator = SeededGenerator(for: "mutations")
    let folder = try Folder()
    let originals = CorpusCase.all.flatMap(\.files).compactMap {
      FileManager.default.contents(atPath: $0)
    }
    for round in 0..<1500 {
      await Task.yield()
      guard var bytes = originals.randomElement(using: &generator).map({ Array($0) }) else {
        return
      }
      for _ in 0..<Int.random(in: 1...6, using: &generator) { Self.mutate(&bytes, &generator) }
      let file = URL(fileURLWithPath: folder.file("compose.yaml"))
      try Data(bytes).write(to: file)
      do throws(ComposeError) {
        let project = try ComposeLoader.load(
          LoadOptions(
            files: [file.path], projectName: "p", environment: CorpusCase.variables, confine: true))
        #expect(!project.json().isEmpty && !project.yaml().isEmpty)
      } catch {
        #expect(
          !error.message.isEmpty && (error.position?.line ?? 1) > 0,
          "seed \(generator.seed), round \(round): \(error)")
      }
    }
  }

  private static let pieces = [
    "{", "}", "[", "]", ": ", "- ", "\n", "  ", "&a ", "*a", "<<: *a", "${", "}", "$$", "'", "\"",
    "|\n", "!!int ", "~", "0x", "-1", "1e999", "services:", "\u{0}", "\u{FEFF}", "é", "#", "? ",
    "---\n", "99999999999999999999", ":", "service:", "x-",
  ].map { Array($0.utf8) }

  private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, at + Int.random(in: 1...12, using: &generator))
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes.removeSubrange(at..<end)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: at)
    case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 4: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &generator))
    default: bytes.replaceSubrange(at..<end, with: pieces.randomElement(using: &generator) ?? [])
    }
  }
}
