import Glibc

/// The last lines of a terminal. They stay below all printed output and are redrawn in place.
///
/// The terminal's other writers are created with this region and share its queue; their output
/// appears above the lines. Nothing runs here between two calls.
package actor OutputRegion {
  nonisolated let executor = QueueExecutor(label: "output-region")
  private let descriptor: Int32
  private var lines: [String] = []
  /// The width of each line on the screen; empty if no line is drawn.
  private var drawn: [Int] = []
  private var lastDraw = ContinuousClock.now
  /// The last output has no line break at its end, so nothing can be drawn below it.
  private var isInLine = false

  /// The queue that it shares with the terminal's writers.
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Creates a region on a terminal that the caller owns.
  ///
  /// - Parameter descriptor: the terminal.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Replaces the shown lines.
  ///
  /// - Parameter lines: each without control characters except SGR sequences, and no wider than the
  ///   terminal.
  package func show(_ lines: [String]) {
    if lines == self.lines, !drawn.isEmpty { return }
    self.lines = lines
    redraw()
  }

  /// Shows these lines for the last time: they remain, and later output follows them.
  ///
  /// - Parameter lines: as for `show`; may exceed the terminal's height.
  package func leave(_ lines: [String]) {
    self.lines = lines
    redraw()
    self.lines = []
    drawn = []
  }

  /// Removes the lines from the screen before a writer prints.
  func clear() { put(erasure()) }

  /// Shows the lines again.
  ///
  /// - Parameter isInLine: whether the printed output has no line break at its end.
  func restore(isInLine: Bool) {
    self.isInLine = isInLine
    // While a container writes much, the next change draws the lines.
    if .now - lastDraw >= .milliseconds(20) { redraw() }
  }

  private func redraw() {
    guard !isInLine, !lines.isEmpty else { return put(erasure()) }
    let text = lines.map { $0 + "\n" }.joined()
    put(erasure() + text)
    drawn = lines.map(Self.width)
    lastDraw = .now
  }

  /// The sequence that removes the drawn lines. A terminal that became narrower has wrapped them.
  private func erasure() -> String {
    guard !drawn.isEmpty else { return "" }
    let (columns, height) = Self.size(of: descriptor)
    let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
    drawn = []
    // Line by line: some terminals move a screen that is erased as a whole to their history.
    return "\r\u{1b}[2K"
      + String(repeating: "\u{1b}[A\u{1b}[2K", count: min(rows, height - 1))
  }

  /// Columns and rows of a terminal.
  private static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? (Int(size.ws_col), max(2, Int(size.ws_row))) : (.max / 2, .max / 2)
  }

  /// The number of columns of a line; SGR sequences have no width.
  static func width(_ line: String) -> Int {
    var width = 0
    var isSequence = false
    for scalar in line.unicodeScalars {
      if scalar == "\u{1b}" {
        isSequence = true
      } else if isSequence {
        isSequence = scalar != "m"
      } else {
        width += 1
      }
    }
    return width
  }

  private func put(_ text: String) {
    if text.isEmpty { return }
    Array(text.utf8).withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count, let base = buffer.baseAddress {
        let count = Glibc.write(descriptor, base + offset, buffer.count - offset)
        if count > 0 {
          offset += count
        } else if count < 0, errno == EAGAIN {
          var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = Glibc.poll(&poll, 1, -1)
        } else if count == 0 || errno != EINTR {
          // The terminal is gone.
          return
        }
      }
    }
  }
}
