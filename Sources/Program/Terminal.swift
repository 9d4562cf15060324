import Glibc

/// When a program uses colors and cursor movements: the value of `--ansi`.
package enum AnsiMode: String, CaseIterable, Sendable {
  /// Plain text, for any output.
  case never
  /// Colors and cursor movements on a terminal that supports them.
  case auto
  /// Also for a file or a pipe.
  case always
}

/// The capabilities of an output.
package struct Terminal: Sendable, Equatable {
  /// Whether the output is a terminal.
  package let isTerminal: Bool
  /// Whether colors may be used.
  package let isColored: Bool
  /// Whether printed lines may be overwritten in place.
  package let canRedraw: Bool
  /// The width in columns, where it is known: COLUMNS, else the width that the terminal reports.
  package let columns: Int?

  /// Inspects an output.
  ///
  /// `NO_COLOR` (https://no-color.org) disables colors, `TERM=dumb` disables colors and redrawing.
  /// `--ansi` overrides both.
  ///
  /// - Parameters:
  ///   - descriptor: the output.
  ///   - mode: the value of `--ansi`.
  ///   - environment: the source of NO_COLOR, TERM and COLUMNS.
  package init(descriptor: Int32, mode: AnsiMode = .auto, environment: [String: String]) {
    self.init(
      isTerminal: isatty(descriptor) == 1, reported: Self.width(of: descriptor), mode: mode,
      environment: environment)
  }

  init(isTerminal: Bool, reported: Int?, mode: AnsiMode, environment: [String: String]) {
    self.isTerminal = isTerminal
    let isCapable = isTerminal && environment["TERM"] != "dumb"
    let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    isColored = mode == .always || mode == .auto && isCapable && !isPlain
    canRedraw = isTerminal && (mode == .always || mode == .auto && isCapable)
    let requested = environment["COLUMNS"].flatMap { Int($0) }.flatMap {
      1...10_000 ~= $0 ? $0 : nil
    }
    columns = requested ?? (isTerminal ? reported : nil)
  }

  /// The width of a terminal according to the kernel. It changes when the window is resized.
  ///
  /// - Parameter descriptor: a terminal.
  /// - Returns: columns; nil where the descriptor is not a terminal or its width is unknown.
  package static func width(of descriptor: Int32) -> Int? {
    size(of: descriptor)?.columns
  }

  /// The width and height of a terminal according to the kernel.
  ///
  /// - Parameter descriptor: a terminal.
  /// - Returns: columns and rows; nil where the descriptor is not a terminal or its width is
  ///   unknown.
  package static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    // A terminal that reports only its width gets the traditional 24 rows.
    return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
  }

  /// Whether two descriptors refer to the same terminal.
  ///
  /// - Parameters:
  ///   - first: a descriptor.
  ///   - second: another descriptor.
  /// - Returns: false where one of them is not a terminal.
  package static func isSame(_ first: Int32, _ second: Int32) -> Bool {
    var (one, other) = (stat(), stat())
    guard isatty(first) == 1, isatty(second) == 1, fstat(first, &one) == 0,
      fstat(second, &other) == 0
    else { return false }
    return one.st_rdev == other.st_rdev && one.st_ino == other.st_ino
      && one.st_dev == other.st_dev
  }

  /// A color of the terminal's palette (ECMA-48, SGR).
  package enum Color: Int, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case magenta = 35
    case cyan = 36
    case gray = 90
  }

  /// Colors a text where colors may be used.
  ///
  /// - Parameters:
  ///   - text: a text without control characters.
  ///   - color: its color; nil for none.
  /// - Returns: the text between the control sequences of the color.
  package func colored(_ text: String, _ color: Color?) -> String {
    guard isColored, let color, !text.isEmpty else { return text }
    return "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m"
  }
}
