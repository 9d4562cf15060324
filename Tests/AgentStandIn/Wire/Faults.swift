import TestSupport

/// What goes wrong on connections, at random, and what the agent does wrong by itself; the same seed gives the same
/// choices in the same order.
public struct Faults: Sendable {
  /// What the choices begin with.
  public var seed: UInt64
  /// How often, from 0 to 1, a call is thrown away and its connection closed before the agent has read it.
  public var closeBeforeCall = 0.0
  /// How often a call is carried out and its connection closed without an answer.
  public var closeBeforeAnswer = 0.0
  /// How often the connection is closed after the answer, without a word about it.
  public var closeAfterAnswer = 0.0
  /// How often the event stream is cut somewhere in the record that is being sent.
  public var cutStream = 0.0
  /// How often a call isn't carried out and answered with a status that says so: 503, 500, 404, 429.
  public var refuse = 0.0
  /// How often a call has to wait before it is looked at, for up to ``longestDelay``.
  public var delay = 0.0
  /// The longest such wait.
  public var longestDelay = Duration.milliseconds(200)
  /// How often a closed connection is reset (RST) instead of ended.
  public var reset = 0.0
  /// How often an event is sent twice in a row.
  public var repeatEvent = 0.0
  /// How often an event is sent after the one that follows it.
  public var swapEvents = 0.0
  /// Whether records, and their chunks, are sent in pieces of random length.
  public var splitRecords = false
  /// What the agent does wrong each time.
  public var behaviors: [Misbehavior] = []
  /// The number of faults after which nothing goes wrong any more, splitting and behaviors aside.
  public var limit = Int.max

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

  /// Faults of these behaviors alone.
  public init(_ behavior: Misbehavior, _ others: Misbehavior...) {
    self.init(seed: 0)
    behaviors = [behavior] + others
  }

  /// Nothing goes wrong.
  public static let none = Faults(seed: 0)

  /// All that a bad network and a restless agent do, mixed.
  public static func chaos(seed: UInt64) -> Faults {
    var faults = Faults(
      seed: seed, closeBeforeCall: 0.06, closeBeforeAnswer: 0.06, closeAfterAnswer: 0.06,
      cutStream: 0.04, splitRecords: true)
    faults.refuse = 0.1
    faults.delay = 0.1
    faults.reset = 0.5
    faults.repeatEvent = 0.1
    faults.swapEvents = 0.1
    return faults
  }
}

/// One way in which an agent is broken, old or hostile; each happens every time, not at random.
public enum Misbehavior: Sendable, Hashable {
  /// SUBSCRIBED names a run that is no part of a path, or none.
  case subscribedRun(String)
  /// SUBSCRIBED lacks a field, such as `framework_info`.
  case subscribedWithout(String)
  /// A label in SUBSCRIBED holds a byte of Latin-1, which agents up to 1.11 pass on as they got it.
  case latin1Label
  /// MESOS_RECOVERY_TIMEOUT is zero.
  case noRecoveryTime
  /// A task that is sent can't be read.
  case unreadableTask
  /// The policy of a KILL can't be read.
  case unreadableKillPolicy
  /// So many calls of a type are refused with a status.
  case refusal(of: String, status: Int, times: Int)
  /// After its first HEARTBEAT an event stream stays open and carries nothing more.
  case silence
  /// So many records of no bytes come before each event.
  case emptyRecords(Int)
  /// An event stream's third record has so many bytes of nothing.
  case hugeRecord(Int)
}

/// The faults with the random numbers that choose among them.
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

  /// The status with which a call is refused, if it is; counted.
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

  /// How long a call has to wait, in microseconds.
  mutating func wait() -> UInt32 {
    guard happens(faults.delay) else { return 0 }
    let most = faults.longestDelay.components
    return UInt32.random(
      in: 0...UInt32(most.seconds * 1_000_000 + most.attoseconds / 1_000_000_000_000),
      using: &random)
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
