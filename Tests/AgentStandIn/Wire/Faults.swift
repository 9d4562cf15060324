import TestSupport

/// What goes wrong on connections, at random; the same seed gives the same choices in the same order.
public struct Faults: Sendable {
  /// What the choices begin with.
  public var seed: UInt64
  /// How often, from 0 to 1, a call is thrown away and its connection closed before the agent has read it.
  public var closeBeforeCall: Double
  /// How often a call is carried out and its connection closed without an answer.
  public var closeBeforeAnswer: Double
  /// How often the connection is closed after the answer, without a word about it.
  public var closeAfterAnswer: Double
  /// How often the event stream is cut somewhere in the record that is being sent.
  public var cutStream: Double
  /// Whether records, and their chunks, are sent in pieces of random length.
  public var splitRecords: Bool
  /// The number of faults after which nothing goes wrong any more, splitting aside.
  public var limit: Int

  /// No fault unless one is named.
  public init(
    seed: UInt64 = 0, closeBeforeCall: Double = 0, closeBeforeAnswer: Double = 0,
    closeAfterAnswer: Double = 0, cutStream: Double = 0, splitRecords: Bool = false,
    limit: Int = .max
  ) {
    self.seed = seed
    self.closeBeforeCall = closeBeforeCall
    self.closeBeforeAnswer = closeBeforeAnswer
    self.closeAfterAnswer = closeAfterAnswer
    self.cutStream = cutStream
    self.splitRecords = splitRecords
    self.limit = limit
  }

  /// Nothing goes wrong.
  public static let none = Faults()
}

/// The faults with the random numbers that choose among them.
struct FaultChoices: Sendable {
  let faults: Faults
  private(set) var count = 0
  private var random: SeededGenerator

  init(_ faults: Faults) {
    self.faults = faults
    random = SeededGenerator(seed: faults.seed)
  }

  /// Whether a fault of this probability happens now.
  mutating func happens(_ probability: Double) -> Bool {
    guard probability > 0, count < faults.limit,
      Double.random(in: 0..<1, using: &random) < probability
    else { return false }
    count += 1
    return true
  }

  /// Cuts bytes into pieces of one byte or more.
  mutating func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    guard faults.splitRecords else { return [bytes[...]] }
    var rest = bytes[...]
    var pieces: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
      let count = Int.random(in: 1...max(1, min(rest.count, 97)), using: &random)
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return pieces
  }

  /// A place in the middle of so many bytes: at least one before it, one after.
  mutating func place(in count: Int) -> Int {
    count > 2 ? Int.random(in: 1..<count - 1, using: &random) : 1
  }
}
