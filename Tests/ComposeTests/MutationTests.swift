import Compose
import Foundation
import TestSupport
import Testing
import YAML

@Suite("Loading mutated files neither crashes nor hangs")
struct MutationTests {
  @Test(
    "each mutated file of the corpus results in a project or an error of one line",
    .timeLimit(.minutes(6)))
  func mutated() async throws {
    var generator = SeededGenerator(for: "mutations")
    let directory = try Directory()
    let files = CorpusCase.everything.flatMap(\.files)
    #expect(files.count >= 500)
    var loaded = 0
    for path in files {
      guard let original = FileManager.default.contents(atPath: path) else { continue }
      for round in 0..<3 {
        var bytes = Array(original)
        for _ in 0..<(2 * round + 1) { Mutation.apply(to: &bytes, &generator) }
        let file = URL(fileURLWithPath: directory.file("compose.yaml"))
        try Data(bytes).write(to: file)
        do throws(DiagnosticError) {
          try await Self.load(file.path)
          loaded += 1
        } catch {
          #expect(
            !error.message.isEmpty && !error.message.contains("\n")
              && (error.position?.line ?? 1) > 0,
            "seed \(generator.seed), \(path), round \(round): \(error)")
        }
      }
    }
    // If every file were refused, the test would have no meaning.
    #expect(loaded >= 30, "seed \(generator.seed)")
  }

  @Test("expansion of hostile files is limited", .timeLimit(.minutes(6)), arguments: Hostile.all)
  func hostile(_ item: Hostile) async throws {
    let directory = try Directory(item.files)
    let error = #expect(throws: DiagnosticError.self, "\(item)") {
      _ = try Self.print(directory.file("compose.yaml"))
    }
    #expect(error?.message.contains(item.message) == true, "\(item): \(String(describing: error))")
    let run = try await Self.printInChild(directory.file("compose.yaml"))
    #expect(run.code != 0 && run.errors.contains(item.message), "\(item): \(run)")
    #expect(run.memory < 512 << 20, "\(item): \(run)")
  }

  /// Loads a file in a process of its own, whose memory other tests don't use.
  ///
  /// - Returns: The exit code, the errors, and the peak memory in bytes.
  private static func printInChild(
    _ file: String
  ) async throws -> (code: Int, errors: String, memory: Int) {
    let script = """
      import resource, subprocess, sys
      code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
      print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
      """
    let result = try await Command(
      "python3", ["-c", script, BuiltProgram.composeExecutor, "config", "-p", "p", "-f", file]
    ).run()
    let numbers = result.stdout.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    try #require(numbers.count == 2, "\(result)")
    return (numbers[0], result.stderr, numbers[1] << 10)
  }

  private static func load(_ file: String) async throws(DiagnosticError) {
    let result = try? await onThread {
      Result { () throws(DiagnosticError) in try print(file) }
    }
    _ = try result?.get()
  }

  /// Loads a file and prints it in both forms.
  private static func print(_ file: String) throws(DiagnosticError) -> Int {
    let project = try ComposeLoader.load(
      LoadOptions(
        files: [file], projectName: "p", environment: CorpusCase.variables, confine: true))
    return try project.json().utf8.count + project.yaml().utf8.count
  }
}

/// Small changes to the bytes of a file.
enum Mutation {
  private static let pieces = [
    "{", "}", "[", "]", ": ", "- ", "\n", "  ", "&a ", "*a", "<<: *a", "${", "}", "$$", "'", "\"",
    "|\n", "!!int ", "~", "0x", "-1", "1e999", "services:", "\u{0}", "\u{FEFF}", "é", "#", "? ",
    "---\n", "99999999999999999999", ":", "service:", "x-", "!reset ", "!override ", "!!binary ",
    "extends: ", "include: ", "null", "true", "1-65535", "${NAME:-", "build: ", "image: a",
  ].map { Array($0.utf8) }

  static func apply(to bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, at + Int.random(in: 1...12, using: &generator))
    let piece = pieces.randomElement(using: &generator) ?? []
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: bytes.removeSubrange(at..<end)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 2: bytes.insert(contentsOf: piece, at: at)
    case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 4: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &generator))
    case 5: swapLines(&bytes, &generator)
    case 6: bytes.replaceSubrange(valueRange(in: bytes, near: at), with: piece)
    default: bytes.replaceSubrange(at..<end, with: piece)
    }
  }

  /// The rest of a line after its colon. Another value for the same key leaves more of a file
  /// valid.
  private static func valueRange(in bytes: [UInt8], near start: Int) -> Range<Int> {
    guard let colon = bytes[start...].firstIndex(of: UInt8(ascii: ":")), colon + 1 < bytes.count
    else { return start..<start }
    let end = bytes[colon...].firstIndex { $0 == 10 || $0 == 44 || $0 == 125 } ?? bytes.count
    return min(colon + 2, end)..<end
  }

  private static func swapLines(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    lines.swapAt(
      Int.random(in: lines.indices, using: &generator),
      Int.random(in: lines.indices, using: &generator))
    bytes = Array(lines.joined(separator: [10]))
  }
}

/// Files that expand beyond the memory of any machine, or are nested deeper than the stack permits.
struct Hostile: CustomStringConvertible, Sendable {
  let description: String
  let message: String
  let files: [String: String]

  static let all = [
    Hostile(
      description: "variables that double", message: "the variables expand to more than",
      files: [
        "compose.yaml": "services: {a: {image: $V60}}",
        ".env": (1...60).reduce("V0=0123456789\n") { "\($0)V\($1)=$V\($1 - 1)$V\($1 - 1)\n" },
      ]),
    Hostile(
      description: "one long variable, many times", message: "the variables expand to more than",
      files: [
        "compose.yaml": "x-a: [" + repeated("$A$A$A$A", 5000) + "]\nservices: {a: {image: a}}",
        ".env": "A=" + String(repeating: "x", count: 100_000),
      ]),
    Hostile(
      description: "a long chain of services", message: "`extends` is nested deeper than",
      files: [
        "compose.yaml": (0..<5000).reduce("services:\n  s5000: {image: a}\n") {
          "\($0)  s\($1): {extends: s\($1 + 1)}\n"
        }
      ]),
    Hostile(
      description: "services that extend the one before", message: "`extends` expands to more than",
      files: [
        "compose.yaml": (1..<2000).reduce(
          "services:\n  s0: {image: a, environment: {"
            + (0..<1000).map { "V\($0): x" }.joined(separator: ", ") + "}}\n"
        ) { "\($0)  s\($1): {extends: s\($1 - 1)}\n" }
      ]),
    Hostile(
      description: "files that include each other twice", message: "files are included",
      files: Dictionary(
        uniqueKeysWithValues: (0..<40).map {
          (
            $0 == 0 ? "compose.yaml" : "\($0).yaml",
            $0 == 39 ? "services: {a: {image: a}}" : "include: [\($0 + 1).yaml, \($0 + 1).yaml]"
          )
        })),
    Hostile(
      description: "a long chain of files", message: "files are included",
      files: Dictionary(
        uniqueKeysWithValues: (0..<400).map {
          ($0 == 0 ? "compose.yaml" : "\($0).yaml", "include: [\($0 + 1).yaml]")
        })),
    Hostile(
      description: "ranges of ports", message: "more ports than the maximum of 20000",
      files: [
        "compose.yaml": "services: {a: {image: a, ports: ["
          + repeated("\"1-65535:1-65535\"", 1000) + "]}}"
      ]),
  ]

  private static func repeated(_ text: String, _ count: Int) -> String {
    Array(repeating: text, count: count).joined(separator: ", ")
  }
}
