import TestSupport
import Testing

@Suite("Performance")
struct PerformancePageTests {
  /// Runs a script of Benchmarks.
  private func script(_ name: String, _ arguments: [String]) async throws -> CommandResult {
    try await Command(
      "/usr/bin/python3", ["-B", SourceTree.root + "/Benchmarks/" + name] + arguments
    ).run()
  }

  /// A line of a benchmark's output: a figure and its ratio to a peer of 1.
  private func line(
    _ name: String, _ ratio: Double, spread: Double? = nil, least: Bool = false, peer: String = "x"
  ) -> String {
    let width = spread.map { "\($0)" } ?? "null"
    return """
      {"name": "\(name)", "unit": "s", "ours": \(ratio), "peer": 1, "peerName": "\(peer)", \
      "ratio": \(ratio), "limit": 1, "least": \(least), "n": 9, "spread": \(width)}

      """
  }

  @Test("the page and its plot match the output of the last run")
  func fresh() async throws {
    let result = try await script(
      "page.py", [SourceTree.root + "/Benchmarks/last.jsonl", "--check"])
    #expect(result.status == .exited(0), "\(result.stderr)")
  }

  @Test("a comparison of two runs prints changes beyond noise, and fails if a figure got worse")
  func comparison() async throws {
    try await withTemporaryDirectory { directory in
      let old = try directory.write(
        "old",
        #"{"machine": {"cores": 2}}"# + "\n" + line("slower", 0.5, spread: 0.02)
          + line("noisy", 0.5, spread: 0.2) + line("faster", 0.5, spread: 0.01)
          + line("speed", 2, spread: 0.01, least: true) + line("single", 1) + line("gone", 1))
      let new = try directory.write(
        "new",
        line("slower", 0.6, spread: 0.02) + line("noisy", 0.6, spread: 0.2)
          + line("faster", 0.4, spread: 0.01, peer: "y")
          + line("speed", 1.5, spread: 0.01, least: true) + line("single", 1.08) + line("made", 1))
      let result = try await script("compare.py", [old, new])
      #expect(result.status == .exited(1), "\(result.stderr)")
      #expect(
        result.stdout == """
          worse: slower: 0.5 -> 0.6 of x (+20.0%, noise 5.7%)
          worse: speed: 2 -> 1.5 of x (-25.0%, noise 5.0%)
          better: faster: 0.5 -> 0.4 of y (-20.0%, noise 5.0%)
          only in the old file: gone
          only in the new file: made
          5 figures compared: 2 worse, 1 better beyond noise

          """)
      #expect(try await script("compare.py", [old, old]).status == .exited(0))
      #expect(try await script("compare.py", [old, directory.path("none")]).status == .exited(2))
    }
  }
}
