import Glibc
import Logging
import Linux

/// A client of systemd's journal, which stores each line with its priority and fields (systemd's
/// "Native Journal Protocol").
struct SystemdJournal: Sendable {
  let path: String

  /// The journal that standard error is connected to; nil if it isn't connected to one
  /// (systemd.exec(5), `JOURNAL_STREAM`).
  ///
  /// - Parameters:
  ///   - environment: the program's environment.
  ///   - path: the path of the journal's socket.
  init?(environment: [String: String], path: String = "/run/systemd/journal/socket") {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &status) == 0,
      stream == "\(status.st_dev):\(status.st_ino)"
    else { return nil }
    self.path = path
  }

  /// The journal at a socket.
  init(path: String) { self.path = path }

  /// Sends one entry.
  ///
  /// - Parameters:
  ///   - message: the line that `journalctl` shows.
  ///   - level: its priority.
  ///   - fields: additional fields; each name is capitalized and gets the prefix `POD_`.
  /// - Returns: false if the entry is too long or the journal isn't available.
  func send(_ message: String, _ level: Logger.Level, _ fields: [(String, String)]) -> Bool {
    var entry: [UInt8] = []
    Self.append("MESSAGE", message, to: &entry)
    Self.append("PRIORITY", "\(Self.priority(of: level))", to: &entry)
    Self.append("SYSLOG_IDENTIFIER", "pod-reaper", to: &entry)
    for (name, value) in fields { Self.append("POD_\(name.uppercased())", value, to: &entry) }
    // A slow journal must not delay a pass.
    return UnixSocket.send(entry, to: path, within: .zero)
  }

  /// The priorities of syslog(3).
  private static func priority(of level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  /// A value with several lines is preceded by its length, as 64 bits in little-endian order.
  private static func append(_ name: String, _ value: String, to entry: inout [UInt8]) {
    let bytes = Array(value.utf8)
    entry += name.utf8
    if bytes.contains(UInt8(ascii: "\n")) {
      entry.append(UInt8(ascii: "\n"))
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { entry += $0 }
    } else {
      entry.append(UInt8(ascii: "="))
    }
    entry += bytes + [UInt8(ascii: "\n")]
  }
}
