import Glibc
import Logging

/// Lines for people on standard error.
public enum StandardError {
  /// Writes a line in one call, so that it doesn't mix with others.
  public static func line(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// Log lines on standard error, as the sandbox keeps them: time, level, message.
public struct StandardErrorLog: LogHandler {
  /// The lowest level that is said.
  public var logLevel: Logger.Level
  /// Added to each line.
  public var metadata: Logger.Metadata = [:]

  /// A log of this level and above.
  public init(logLevel: Logger.Level) { self.logLevel = logLevel }

  /// A value of the metadata.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  public func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let rest = pairs.isEmpty ? "" : " (\(pairs.joined(separator: ", ")))"
    // Much of it is somebody else's text.
    let text = Printable.text("\(event.message)\(rest)", limit: 16_384)
    StandardError.line("\(Timestamp.now) \(event.level): \(text)")
  }
}

/// Points in time as text.
public enum Timestamp {
  /// The present in UTC, to the millisecond (RFC 3339).
  public static var now: String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var parts = tm()
    var seconds = time.tv_sec
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date =
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let clock =
      "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(digits(time.tv_nsec / 1_000_000, 3))Z"
  }
}
