import Foundation

/// Reproducible random numbers: SplitMix64 with a seed that is printed.
///
/// `TEST_SEED=… make test` repeats a run.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// The seed of the sequence.
  package let seed: UInt64

  private var state: UInt64

  /// Creates a generator with the seed TEST_SEED or a random one, and prints the seed.
  ///
  /// - Parameter purpose: The purpose of the numbers, printed before the seed.
  package init(for purpose: String) {
    let given = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) }
    self.init(seed: given ?? UInt64.random(in: 0...UInt64.max))
    print("\(purpose): TEST_SEED=\(seed)")
  }

  /// Creates a generator with a known seed.
  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

extension SeededGenerator {
  /// True with a probability in percent.
  package mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &self) < percent
  }

  /// A time in milliseconds, a multiple of 100.
  package mutating func milliseconds(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range.lowerBound / 100...range.upperBound / 100, using: &self) * 100
  }

  /// One of the values, which must not be empty.
  package mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &self)]
  }
}
