/// A bell that wakes whoever waits for a change of an actor's state. It is used inside one actor only.
struct Changes {
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  private var next = 0

  /// A number for one wait.
  mutating func ticket() -> Int {
    next += 1
    return next
  }

  /// Registers a wait.
  mutating func wait(_ ticket: Int, _ continuation: CheckedContinuation<Void, Never>) {
    waiting[ticket] = continuation
  }

  /// Wakes one wait, if it is still there.
  mutating func wake(_ ticket: Int) {
    waiting.removeValue(forKey: ticket)?.resume()
  }

  /// Wakes all.
  mutating func ring() {
    let all = waiting.values
    waiting = [:]
    for continuation in all { continuation.resume() }
  }
}
