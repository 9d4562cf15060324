import Dispatch
import Logging
import Synchronization

/// Bounds how many lines one statement of the program logs: what others send, however often, must
/// not fill the disk. Every statement is bounded, since nearly each can be triggered from outside;
/// what it would have logged beyond that is counted.
final class LogLimit: Sendable {
  /// A statement that logs.
  struct Site: Hashable, Sendable {
    var file: String
    var line: UInt
  }
  /// What was held back from one statement.
  struct Held: Sendable, Equatable {
    var count: Int
    /// The last of its lines.
    var message: String
    var level: Logger.Level

    /// The line that stands for them.
    var words: String { "… and \(Self.grouped(count)) more like it: \(message)" }

    private static func grouped(_ number: Int) -> String {
      var digits = Array(String(number))
      for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
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
  ///   - most: how many lines a statement may log within a span.
  ///   - span: how long that is; it begins with a statement's first line.
  init(most: Int = 100, span: Duration = .seconds(60)) {
    self.most = most
    self.span = span
  }

  /// Counts a line.
  ///
  /// - Parameters:
  ///   - site: the statement that logs it.
  ///   - message: what it would be, asked for only where it is held back.
  ///   - level: its level.
  ///   - report: called once, at the end of the span, if any line of it was held back.
  /// - Returns: whether to write it.
  func admits(
    _ site: Site, _ message: @autoclosure () -> String, _ level: Logger.Level,
    report: @escaping @Sendable (Held) -> Void
  ) -> Bool {
    let now = ContinuousClock.now
    let (isAdmitted, isFirst, rest) = windows.withLock { windows -> (Bool, Bool, Duration) in
      var window = windows[site] ?? Window(end: now + span)
      // The count of the span before is reported by its own timer; until then it goes on.
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

  /// Takes all counts off: the program ends.
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
