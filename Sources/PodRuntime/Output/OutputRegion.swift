import Glibc

/// The last lines of a terminal: they stay below whatever its writers print, and are redrawn in place.
///
/// Writers of the same terminal are made with it and share its queue: what they print appears above the lines. Nothing here
/// runs between two calls.
public actor OutputRegion {
  nonisolated let executor = QueueExecutor(label: "output-region")
  private let descriptor: Int32
  private var lines: [String] = []
  /// How wide each line on the screen is; empty while none is there.
  private var drawn: [Int] = []
  private var lastDraw = ContinuousClock.now
  /// The last output has no line break at its end: nothing can be drawn below it.
  private var isInLine = false

  /// The queue that it shares with the terminal's writers.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Takes a terminal, which stays the caller's.
  ///
  /// - Parameter descriptor: the terminal.
  public init(descriptor: Int32) { self.descriptor = descriptor }

  /// Shows these lines in place of those that are there.
  ///
  /// - Parameter lines: each without control characters but SGR sequences, and no wider than the terminal.
  public func show(_ lines: [String]) {
    if lines == self.lines, !drawn.isEmpty { return }
    self.lines = lines
    redraw()
  }

  /// Shows these lines for the last time: they stay where they are, and what is printed next follows them.
  ///
  /// - Parameter lines: as for `show`; also more than the terminal is high.
  public func leave(_ lines: [String]) {
    self.lines = lines
    redraw()
    self.lines = []
    drawn = []
  }

  /// Takes the lines off the screen, before a writer prints.
  func clear() { put(erasure()) }

  /// Shows them again.
  ///
  /// - Parameter isInLine: whether what was printed has no line break at its end.
  func restore(isInLine: Bool) {
    self.isInLine = isInLine
    // While a container writes much, the next change draws them.
    if .now - lastDraw >= .milliseconds(20) { redraw() }
  }

  private func redraw() {
    guard !isInLine, !lines.isEmpty else { return put(erasure()) }
    let text = lines.map { $0 + "\n" }.joined()
    put(erasure() + text)
    drawn = lines.map(Self.width)
    lastDraw = .now
  }

  /// What takes the drawn lines off the screen. A terminal that became narrower has wrapped them.
  private func erasure() -> String {
    guard !drawn.isEmpty else { return "" }
    let (columns, height) = Self.size(of: descriptor)
    let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
    drawn = []
    // Line by line: some terminals keep in their history what is erased as a whole screen.
    return "\r\u{1b}[2K"
      + String(repeating: "\u{1b}[A\u{1b}[2K", count: min(rows, height - 1))
  }

  /// Columns and rows of a terminal.
  private static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? (Int(size.ws_col), max(2, Int(size.ws_row))) : (.max / 2, .max / 2)
  }

  /// How many columns a line takes: its SGR sequences take none.
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
