import Foundation
import Synchronization
import TestSupport

/// A program in its own terminal, whose keys a test types.
final class PseudoTerminal: Sendable {
  /// The program; its standard streams are the terminal.
  let program: RunningCommand
  private let master: Int32
  private let slave: Int32
  private let received: Mutex<[UInt8]>

  /// Starts a program in a terminal.
  ///
  /// - Parameters:
  ///   - command: the program; its environment and directory are kept.
  ///   - rows: the terminal's lines.
  ///   - columns: the terminal's columns.
  /// - Throws: `SpawnFailed`; `CocoaError` if there is no terminal.
  init(_ command: Command, rows: UInt16 = 24, columns: UInt16 = 80) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN (tty_ioctl(4)), macros that Swift doesn't import.
    var isLocked: Int32 = 0
    var number: Int32 = -1
    guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0,
      ioctl(master, 0x8004_5430, &number) == 0
    else { throw CocoaError(.fileReadUnknown) }
    // The test keeps it open, so that the settings can be read after the program's exit.
    let path = "/dev/pts/\(number)"
    slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    received = Mutex([])
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
    var started = command
    started.program = "/bin/sh"
    // In its own session the program has this controlling terminal, and keeps its process ID.
    started.arguments =
      ["-c", "exec setsid -c \"$@\" <\(path) >\(path) 2>&1", "sh", command.program]
      + command.arguments
    started.environment["TERM"] = command.environment["TERM"] ?? "xterm"
    program = try started.start()
    Thread.detachNewThread { [weak self, master] in
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(master, &buffer, buffer.count)
        guard count > 0, let self else { return }
        self.received.withLock { $0 += buffer[..<count] }
      }
    }
  }

  deinit {
    close(slave)
    close(master)
  }

  /// All output to the terminal.
  var screen: String { received.withLock { String(decoding: $0, as: UTF8.self) } }

  /// Types keys.
  func type(_ keys: String) {
    let bytes = Array(keys.utf8)
    _ = write(master, bytes, bytes.count)
  }

  /// Waits until the terminal shows a text.
  func shows(_ text: String, within limit: Duration = .seconds(180)) async throws {
    try await eventually("“\(text)” on the terminal: \(screen)", within: limit) {
      screen.contains(text)
    }
  }

  /// Changes the size of the window.
  func resize(rows: UInt16, columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// The terminal's modes: input, output, control and local flags.
  var modes: [UInt32] {
    var mode = termios()
    guard tcgetattr(slave, &mode) == 0 else { return [] }
    return [mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag]
  }
}
