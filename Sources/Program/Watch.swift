import ArgumentParser
import Glibc

extension AnsiMode: ExpressibleByArgument {}

/// Prints a report again and again until the program exits: `--watch`.
package enum Watch {
  /// Prints a report every two seconds: in place on a terminal, otherwise after an empty line below
  /// the previous one.
  ///
  /// It returns when the output can't be written, when the reader is gone, or when the task is
  /// canceled.
  ///
  /// - Parameters:
  ///   - interval: the time between two reports.
  ///   - mode: the value of `--ansi`.
  ///   - environment: the variables for `Terminal`.
  ///   - report: gives the report, of any number of lines, for the current width of the terminal.
  package static func run(
    every interval: Duration = .seconds(2), mode: AnsiMode, environment: [String: String],
    _ report: (Terminal) async -> String
  ) async {
    var isFirst = true
    while true {
      let terminal = Terminal(
        descriptor: STDOUT_FILENO, mode: mode, environment: environment)
      let text = await report(terminal)
      let output =
        terminal.canRedraw
        ? frame(text, rows: Terminal.rows(of: STDOUT_FILENO), isFirst: isFirst)
        : (isFirst ? "" : "\n") + text + "\n"
      isFirst = false
      guard StandardOutput.write(output), StandardOutput.hasReader,
        (try? await Task.sleep(for: interval)) != nil
      else { return }
    }
  }

  /// The output that replaces the report on a terminal. It gives the number of lines for which the
  /// terminal has no room.
  static func frame(_ text: String, rows: Int?, isFirst: Bool) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let rows, rows > 1, lines.count >= rows {
      let left = lines.count - (rows - 2)
      lines = lines.prefix(rows - 2) + ["… \(left) more lines"]
    }
    // Each line is cleared after its last character, and then the rest of the screen: clearing
    // everything first would flicker.
    return (isFirst ? "\u{1b}[2J" : "") + "\u{1b}[H"
      + lines.map { $0 + "\u{1b}[K\n" }.joined() + "\u{1b}[J"
  }
}

extension Terminal {
  /// The height of a terminal according to the kernel; nil where the descriptor is not a terminal
  /// or its height is unknown.
  static func rows(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
    return Int(size.ws_row)
  }
}
