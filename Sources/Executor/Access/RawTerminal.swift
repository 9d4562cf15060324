import Glibc
import Synchronization

/// A terminal in raw mode: each key is passed on when it is typed, including ctrl-C.
final class RawTerminal: Sendable {
  private let descriptor: Int32
  private let original: Mutex<termios?>

  /// Reads the mode of a terminal without changing it; nil where the descriptor is not a terminal.
  ///
  /// - Parameter descriptor: the terminal.
  init?(_ descriptor: Int32) {
    var mode = termios()
    guard tcgetattr(descriptor, &mode) == 0 else { return nil }
    self.descriptor = descriptor
    original = Mutex(mode)
  }

  /// Sets raw mode. It has no effect after `restore`.
  func setRaw() {
    original.withLock { original in
      guard var mode = original else { return }
      cfmakeraw(&mode)
      tcsetattr(descriptor, TCSANOW, &mode)
    }
  }

  /// Restores the original mode, once.
  func restore() {
    original.withLock { original in
      guard var mode = original else { return }
      tcsetattr(descriptor, TCSANOW, &mode)
      original = nil
    }
  }

  /// The size of a terminal.
  ///
  /// - Parameter descriptor: a terminal.
  /// - Returns: rows and columns; nil where they are unknown.
  static func size(of descriptor: Int32) -> (rows: Int, columns: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }
}
