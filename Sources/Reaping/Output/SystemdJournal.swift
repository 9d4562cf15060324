import Glibc
import Logging
import Linux

/// systemd's journal, spoken to directly, so that a line comes with its priority and its fields
/// (systemd's "Native Journal Protocol").
struct SystemdJournal: Sendable {
  let path: String

  /// The journal that standard error leads to; nil where it leads elsewhere (systemd.exec(5),
  /// `JOURNAL_STREAM`).
  ///
  /// - Parameters:
  ///   - environment: the program's own.
  ///   - path: the journal's socket.
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
  ///   - fields: each becomes `POD_` and its name in capitals.
  /// - Returns: false if it was not taken, being too long or the journal away.
  func send(_ message: String, _ level: Logger.Level, _ fields: [(String, String)]) -> Bool {
    var entry: [UInt8] = []
    Self.append("MESSAGE", message, to: &entry)
    Self.append("PRIORITY", "\(Self.priority(of: level))", to: &entry)
    Self.append("SYSLOG_IDENTIFIER", "pod-reaper", to: &entry)
    for (name, value) in fields { Self.append("POD_\(name.uppercased())", value, to: &entry) }
    // A journal that doesn't keep up must not hold up a pass.
    return UnixSocket.send(entry, to: path, within: .zero)
  }

  /// syslog(3)'s numbers.
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

  /// A value of several lines has its length before it, as 64 bits, least byte first.
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
