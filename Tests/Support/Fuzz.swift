import Foundation

/// Drives a decoder with mutated real input. A decoder that traps ends the process, and with it the tests.
///
/// FUZZ_ROUNDS says how many inputs each gets. The seed is printed before the first: `TEST_SEED=… FUZZ_ROUND=… make test
/// FILTER=…` repeats one round.
public enum Fuzz {
  /// How it went.
  public struct Report: CustomStringConvertible, Sendable {
    /// What was driven.
    public let name: String
    /// What the choices began with.
    public let seed: UInt64
    /// How many inputs were given.
    public var rounds = 0
    /// How many of them were taken.
    public var accepted = 0
    /// Rounds that failed with an error of another type than the decoder's own.
    public var foreign: [String] = []
    /// The longest round.
    public var longest = Duration.zero

    /// Some inputs were taken, some were not, each with the decoder's own error, and none took long.
    public var isSound: Bool {
      foreign.isEmpty && longest < Fuzz.timeLimit && (rounds < 100 || accepted > 0)
    }

    /// The counts and the seed.
    public var description: String {
      "fuzz \(name): \(rounds) rounds, \(accepted) taken, \(rounds - accepted) refused, longest "
        + "\(longest), TEST_SEED=\(seed)"
        + foreign.prefix(5).map { "\n  \($0)" }.joined()
    }
  }

  /// How many rounds each decoder gets.
  public static let rounds =
    ProcessInfo.processInfo.environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 500

  /// No input may take longer; it is for what hangs, not for what is slow on a busy machine.
  static let timeLimit = Duration.seconds(30)

  private static let only =
    ProcessInfo.processInfo.environment["FUZZ_ROUND"].flatMap { Int($0) }

  /// Gives a decoder mutated input.
  ///
  /// - Parameters:
  ///   - name: What is driven, for the report.
  ///   - corpus: Real input, of which each round changes one.
  ///   - words: Words that the format gives a meaning.
  ///   - rounds: How many rounds; ``rounds`` unless a decoder is too slow for that.
  ///   - isOwn: Whether an error is one that the decoder may throw.
  ///   - decode: Decodes, and does with the result what the program does; false for what it doesn't take.
  /// - Returns: how it went.
  nonisolated(nonsending) public static func drive(
    _ name: String, _ corpus: [[UInt8]], words: [String] = [], rounds: Int = Fuzz.rounds,
    isOwn: (any Error) -> Bool = { _ in false },
    _ decode: ([UInt8], inout SeededGenerator) async throws -> Bool
  ) async -> Report {
    let seed = SeededGenerator(for: "fuzz \(name)").seed
    // A process that traps takes along what it hasn't written.
    fflush(nil)
    let mutator = ByteMutator(words: words)
    var report = Report(name: name, seed: seed)
    for round in 0..<rounds where only == nil || only == round {
      // Each round can be repeated alone.
      var random = SeededGenerator(seed: seed &+ UInt64(round) &* 0x2545_f491_4f6c_dd1d)
      let input = corpus.randomElement(using: &random) ?? []
      let other = corpus.randomElement(using: &random) ?? []
      let bytes = mutator.mutated(input, with: other, using: &random)
      let start = ContinuousClock.now
      do {
        if try await decode(bytes, &random) { report.accepted += 1 }
      } catch {
        if !isOwn(error) { report.foreign.append("round \(round): \(type(of: error)): \(error)") }
      }
      report.longest = max(report.longest, .now - start)
      report.rounds += 1
      if round % 64 == 63 { await Task.yield() }
    }
    print(report)
    return report
  }

  /// The same for input that is text.
  nonisolated(nonsending) public static func drive(
    _ name: String, texts: [String], words: [String] = [], rounds: Int = Fuzz.rounds,
    isOwn: (any Error) -> Bool = { _ in false }, _ decode: (String) async throws -> Bool
  ) async -> Report {
    await drive(name, texts.map { Array($0.utf8) }, words: words, rounds: rounds, isOwn: isOwn) {
      bytes, _ in try await decode(String(decoding: bytes, as: UTF8.self))
    }
  }
}
