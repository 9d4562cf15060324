import TestSupport

/// Random faults of connections, and misbehavior of the agent. The same seed gives the same choices
/// in the same order.
package struct Faults: Sendable {
  /// The seed of the choices.
  package var seed: UInt64
  /// The probability, from 0 to 1, that a call is discarded and its connection closed before the
  /// agent reads it.
  package var closeBeforeCall = 0.0
  /// The probability that a call is handled and its connection closed without a response.
  package var closeBeforeResponse = 0.0
  /// The probability that the connection is closed after the response, without an announcement.
  package var closeAfterResponse = 0.0
  /// The probability that the event stream is cut in the middle of the current record.
  package var cutStream = 0.0
  /// The probability that a call isn't handled and gets the status 503, 500, 404 or 429.
  package var refuse = 0.0
  /// The probability that a call is delayed, by up to ``longestDelay``.
  package var delay = 0.0
  /// The longest such delay.
  package var longestDelay = Duration.milliseconds(200)
  /// The probability that a closed connection is reset (RST).
  package var reset = 0.0
  /// The probability that an event is sent twice in a row.
  package var repeatEvent = 0.0
  /// The probability that an event is sent after the next one.
  package var swapEvents = 0.0
  /// Whether records, and their chunks, are sent in pieces of random length.
  package var splitRecords = false
  /// The misbehavior of the agent, which isn't random.
  package var behaviors: [Misbehavior] = []
  /// The number of random faults after which no more happen. Splitting and behaviors don't count.
  package var limit = Int.max

  /// Creates faults. By default none happens.
  package init(
    seed: UInt64 = 0, closeBeforeCall: Double = 0, closeBeforeResponse: Double = 0,
    closeAfterResponse: Double = 0, cutStream: Double = 0, splitRecords: Bool = false,
    limit: Int = .max
  ) {
    self.seed = seed
    self.closeBeforeCall = closeBeforeCall
    self.closeBeforeResponse = closeBeforeResponse
    self.closeAfterResponse = closeAfterResponse
    self.cutStream = cutStream
    self.splitRecords = splitRecords
    self.limit = limit
  }

  /// Creates faults that are only these behaviors.
  package init(_ behavior: Misbehavior, _ others: Misbehavior...) {
    self.init(seed: 0)
    behaviors = [behavior] + others
  }

  /// No faults.
  package static let none = Faults(seed: 0)

  /// All faults of a bad network and an unstable agent.
  package static func chaos(seed: UInt64) -> Faults {
    var faults = Faults(
      seed: seed, closeBeforeCall: 0.06, closeBeforeResponse: 0.06, closeAfterResponse: 0.06,
      cutStream: 0.04, splitRecords: true)
    faults.refuse = 0.1
    faults.delay = 0.1
    faults.reset = 0.5
    faults.repeatEvent = 0.1
    faults.swapEvents = 0.1
    return faults
  }
}

/// The misbehavior of a broken, old or hostile agent. It happens every time, not at random.
package enum Misbehavior: Sendable, Hashable {
  /// SUBSCRIBED has a run that isn't a valid path component, or an empty one.
  case subscribedRun(String)
  /// SUBSCRIBED lacks a field, such as `framework_info`.
  case subscribedWithout(String)
  /// A label in SUBSCRIBED has a byte of Latin-1. Agents up to 1.11 pass such bytes on unchanged.
  case latin1Label
  /// MESOS_RECOVERY_TIMEOUT is zero.
  case noRecoveryTime
  /// A task in a LAUNCH event is malformed.
  case unreadableTask
  /// The policy of a KILL event is malformed.
  case unreadableKillPolicy
  /// This number of calls of a type are refused with a status.
  case refusal(of: String, status: Int, times: Int)
  /// After its first HEARTBEAT, the event stream stays open and carries nothing more.
  case silence
  /// This number of empty records precede each event.
  case emptyRecords(Int)
  /// The third record of the event stream has this number of blanks.
  case hugeRecord(Int)
}

/// The faults and the random numbers that choose among them.
struct FaultChoices: Sendable {
  let faults: Faults
  private(set) var count = 0
  private var random: SeededGenerator
  private var refused: [Misbehavior: Int] = [:]

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

  /// The status with which a call is refused. Nil if it isn't. Counts the refusal.
  mutating func refusal(of type: String) -> Int? {
    for behavior in faults.behaviors {
      guard case .refusal(type, let status, let times) = behavior,
        refused[behavior, default: 0] < times
      else { continue }
      refused[behavior, default: 0] += 1
      return status
    }
    return happens(faults.refuse) ? [503, 503, 500, 404, 429].randomElement(using: &random) : nil
  }

  /// The delay of a call, in microseconds.
  mutating func wait() -> UInt32 {
    guard happens(faults.delay) else { return 0 }
    let most = faults.longestDelay.components
    return UInt32.random(
      in: 0...UInt32(most.seconds * 1_000_000 + most.attoseconds / 1_000_000_000_000),
      using: &random)
  }

  /// Cuts bytes into pieces of at least one byte.
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

  /// A position inside this number of bytes, with at least one byte before and one after it.
  mutating func location(in count: Int) -> Int {
    count > 2 ? Int.random(in: 1..<count - 1, using: &random) : 1
  }
}
