import Logging

/// Logs the same line once a minute at most, with a count: an agent can cause each of them as often as it likes.
struct LineLimit: Sendable {
  private struct Line: Sendable {
    var printedAt: Duration
    var held = 0
  }

  /// How long a line isn't repeated.
  let span: Duration
  /// How many different lines are remembered.
  let capacity: Int
  private var lines: [String: Line] = [:]

  init(span: Duration = .seconds(60), capacity: Int = 100) {
    self.span = span
    self.capacity = capacity
  }

  /// Counts a line.
  ///
  /// - Parameters:
  ///   - text: the line.
  ///   - now: the time.
  /// - Returns: the line to log, with the number of those held back before it; nil to log nothing.
  mutating func admit(_ text: String, at now: Duration) -> String? {
    if var line = lines[text], now - line.printedAt < span {
      line.held += 1
      lines[text] = line
      return nil
    }
    let held = lines[text]?.held ?? 0
    if lines.count >= capacity {
      lines = lines.filter { now - $0.value.printedAt < span }
      // So many different lines in a minute are a flood of their own.
      if lines.count >= capacity, lines[text] == nil { return nil }
    }
    lines[text] = Line(printedAt: now)
    return held == 0 ? text : "\(text) (and \(held) times before)"
  }
}
