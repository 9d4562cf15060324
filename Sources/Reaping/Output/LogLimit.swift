import Dispatch
import Logging
import Synchronization

/// Limits the number of lines that one statement of the program logs, so that outside input can't
/// fill the disk. Every statement is limited, because nearly each can be triggered from outside.
/// Suppressed lines are counted.
final class LogLimit: Sendable {
  /// A statement that logs.
  struct Site: Hashable, Sendable {
    var file: String
    var line: UInt
  }
  /// The suppressed lines of one statement.
  struct Held: Sendable, Equatable {
    var count: Int
    /// The text of the last one.
    var message: String
    var level: Logger.Level

    /// The line that replaces them.
    var text: String { "… and \(Self.grouped(count)) more like it: \(message)" }

    private static func grouped(_ number: Int) -> String {
      var digits = Array(String(number))
      for location in stride(from: digits.count - 3, to: 0, by: -3) {
        digits.insert(",", at: location)
      }
      return String(digits)
    }
  }

  private struct Window {
    var end: ContinuousClock.Instant
    var written = 0
    var held: Held?
  }

  private let most: Int
  private let span: Duration
  private let windows = Mutex<[Site: Window]>([:])

  /// - Parameters:
  ///   - most: the number of lines that a statement may log in one span.
  ///   - span: the length of a span; it begins with a statement's first line.
  init(most: Int = 100, span: Duration = .seconds(60)) {
    self.most = most
    self.span = span
  }

  /// Counts a line.
  ///
  /// - Parameters:
  ///   - site: the statement that logs the line.
  ///   - message: the text of the line; evaluated only if the line is suppressed.
  ///   - level: its level.
  ///   - report: is called once at the end of the span if any line in it was suppressed.
  /// - Returns: whether to write the line.
  func admits(
    _ site: Site, _ message: @autoclosure () -> String, _ level: Logger.Level,
    report: @escaping @Sendable (Held) -> Void
  ) -> Bool {
    let now = ContinuousClock.now
    let (isAdmitted, isFirst, rest) = windows.withLock { windows -> (Bool, Bool, Duration) in
      var window = windows[site] ?? Window(end: now + span)
      // The previous span's count is reported by its own timer. Until then that span continues.
      if now >= window.end, window.held == nil { window = Window(end: now + span) }
      defer { windows[site] = window }
      if window.written < most {
        window.written += 1
        return (true, false, .zero)
      }
      let count = window.held?.count ?? 0
      window.held = Held(count: count + 1, message: message(), level: level)
      return (false, count == 0, window.end - now)
    }
    if isFirst {
      DispatchQueue.global().asyncAfter(deadline: .now() + max(0, rest.inSeconds)) { [self] in
        if let held = take(site) { report(held) }
      }
    }
    return isAdmitted
  }

  /// Removes and returns all counts, at the exit of the program.
  func takeAll() -> [Held] {
    windows.withLock { windows in
      defer { windows = [:] }
      return windows.values.compactMap(\.held)
    }
  }

  private func take(_ site: Site) -> Held? {
    windows.withLock { windows in windows.removeValue(forKey: site)?.held }
  }
}
