import Logging

/// Logs the same line at most once a minute, with a count, because an agent can cause each line any
/// number of times.
struct LineLimit: Sendable {
  private struct Line: Sendable {
    var printedAt: Duration
    var held = 0
  }

  /// The time in which a line is not repeated.
  let span: Duration
  /// The largest number of different lines that are remembered.
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
  ///   - now: the current time.
  /// - Returns: the line to log, with the number of its earlier occurrences that were not logged;
  ///   nil to log nothing.
  mutating func admit(_ text: String, at now: Duration) -> String? {
    if var line = lines[text], now - line.printedAt < span {
      line.held += 1
      lines[text] = line
      return nil
    }
    let held = lines[text]?.held ?? 0
    if lines.count >= capacity {
      lines = lines.filter { now - $0.value.printedAt < span }
      // More different lines than this are dropped: they would flood the log too.
      if lines.count >= capacity, lines[text] == nil { return nil }
    }
    lines[text] = Line(printedAt: now)
    return held == 0 ? text : "\(text) (and \(held) times before)"
  }
}
