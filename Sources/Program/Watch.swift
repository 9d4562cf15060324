import ArgumentParser
import Glibc

extension AnsiMode: ExpressibleByArgument {}

/// A report that is printed anew until the program ends: `--watch`.
public enum Watch {
  /// Prints a report every two seconds: in place on a terminal, else below the last one after an empty line.
  ///
  /// It ends when it can't be written, when nobody reads any more, or the task is canceled.
  ///
  /// - Parameters:
  ///   - interval: the time between two reports.
  ///   - mode: the value of `--ansi`.
  ///   - environment: what `Terminal` reads.
  ///   - report: makes the report, of any number of lines, for the width that the terminal has by then.
  public static func run(
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

  /// What replaces the report that a terminal shows: lines that it has no room for are counted.
  static func frame(_ text: String, rows: Int?, isFirst: Bool) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let rows, rows > 1, lines.count >= rows {
      let left = lines.count - (rows - 2)
      lines = lines.prefix(rows - 2) + ["… \(left) more lines"]
    }
    // Each line is cleared behind its end, then all below: clearing first would flicker.
    return (isFirst ? "\u{1b}[2J" : "") + "\u{1b}[H"
      + lines.map { $0 + "\u{1b}[K\n" }.joined() + "\u{1b}[J"
  }
}

extension Terminal {
  /// The height that the kernel knows of a terminal; nil where it is no terminal or its height is not known.
  static func rows(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
    return Int(size.ws_row)
  }
}
