import Glibc
import Synchronization

/// A terminal in raw mode: every key is passed on as it is typed, ctrl-C too.
final class RawTerminal: Sendable {
  private let descriptor: Int32
  private let original: Mutex<termios?>

  /// Reads how a terminal is set, without a change; nil for what is no terminal.
  ///
  /// - Parameter descriptor: the terminal.
  init?(_ descriptor: Int32) {
    var mode = termios()
    guard tcgetattr(descriptor, &mode) == 0 else { return nil }
    self.descriptor = descriptor
    original = Mutex(mode)
  }

  /// Sets raw mode; after `restore` it has no effect.
  func setRaw() {
    original.withLock { original in
      guard var mode = original else { return }
      cfmakeraw(&mode)
      tcsetattr(descriptor, TCSANOW, &mode)
    }
  }

  /// Sets the terminal as it was, once.
  func restore() {
    original.withLock { original in
      guard var mode = original else { return }
      tcsetattr(descriptor, TCSANOW, &mode)
      original = nil
    }
  }

  /// Lines and columns.
  ///
  /// - Parameter descriptor: a terminal.
  /// - Returns: nil where they aren't known.
  static func size(of descriptor: Int32) -> (rows: Int, columns: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }
}
