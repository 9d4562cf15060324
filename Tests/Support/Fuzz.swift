import Foundation

/// Calls a decoder with mutated real input. A decoder that traps terminates the process, and with
/// it the tests.
///
/// FUZZ_ROUNDS is the number of inputs for each decoder. The seed is printed before the first
/// input: `TEST_SEED=… FUZZ_ROUND=… make test FILTER=…` repeats one round.
package enum Fuzz {
  /// The result of fuzzing one decoder.
  package struct Report: CustomStringConvertible, Sendable {
    /// The name of the decoder.
    package let name: String
    /// The seed of the random choices.
    package let seed: UInt64
    /// The number of inputs.
    package var rounds = 0
    /// The number of inputs that the decoder accepted.
    package var accepted = 0
    /// The rounds that failed with an error of another type than the decoder's own.
    package var foreign: [String] = []
    /// The duration of the longest round.
    package var longest = Duration.zero

    /// Whether the decoder threw only its own errors, took long for no input, and accepted some of
    /// at least 100 inputs.
    package var isSound: Bool {
      foreign.isEmpty && longest < Fuzz.timeLimit && (rounds < 100 || accepted > 0)
    }

    /// The counts and the seed.
    package var description: String {
      "fuzz \(name): \(rounds) rounds, \(accepted) taken, \(rounds - accepted) refused, longest "
        + "\(longest), TEST_SEED=\(seed)"
        + foreign.prefix(5).map { "\n  \($0)" }.joined()
    }
  }

  /// The number of rounds for each decoder.
  package static let rounds =
    ProcessInfo.processInfo.environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 500

  /// The time limit for one input. It detects a decoder that hangs, not one that is slow on a busy
  /// machine.
  static let timeLimit = Duration.seconds(30)

  private static let only =
    ProcessInfo.processInfo.environment["FUZZ_ROUND"].flatMap { Int($0) }

  /// Calls a decoder with mutated input.
  ///
  /// - Parameters:
  ///   - name: The name of the decoder, for the report.
  ///   - corpus: Real input. Each round changes one element of it.
  ///   - words: Words that have a meaning in the format.
  ///   - rounds: The number of rounds. Default: ``rounds``; fewer for a slow decoder.
  ///   - isOwn: Whether the decoder may throw this error.
  ///   - decode: Decodes the input and uses the result as the program does. False if it rejects the
  ///     input.
  /// - Returns: The report.
  nonisolated(nonsending) package static func drive(
    _ name: String, _ corpus: [[UInt8]], words: [String] = [], rounds: Int = Fuzz.rounds,
    isOwn: (any Error) -> Bool = { _ in false },
    _ decode: ([UInt8], inout SeededGenerator) async throws -> Bool
  ) async -> Report {
    let seed = SeededGenerator(for: "fuzz \(name)").seed
    // A process that traps loses the output that it hasn't written.
    fflush(nil)
    let mutator = ByteMutator(words: words)
    var report = Report(name: name, seed: seed)
    for round in 0..<rounds where only == nil || only == round {
      // Each round has a seed of its own, so that it can be repeated alone.
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

  /// Calls a decoder with mutated input that is text.
  nonisolated(nonsending) package static func drive(
    _ name: String, texts: [String], words: [String] = [], rounds: Int = Fuzz.rounds,
    isOwn: (any Error) -> Bool = { _ in false }, _ decode: (String) async throws -> Bool
  ) async -> Report {
    await drive(name, texts.map { Array($0.utf8) }, words: words, rounds: rounds, isOwn: isOwn) {
      bytes, _ in try await decode(String(decoding: bytes, as: UTF8.self))
    }
  }
}
