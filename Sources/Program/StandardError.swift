import Glibc
import Linux
import Logging
import Synchronization

/// Lines for people on standard error. Whoever reads them may have stopped reading: such a reader holds nobody up for
/// long, and what it doesn't take is counted.
public enum StandardError {
  private static let sink = Mutex(LineSink(descriptor: STDERR_FILENO))

  /// Writes a line in one call, so that it doesn't mix with others.
  public static func line(_ text: String) {
    sink.withLock { $0.write(text) }
  }
}

/// Writes lines to a descriptor whose other end may not be read.
struct LineSink: ~Copyable {
  private let descriptor: Int32
  /// Whether a write to it may block, since it couldn't be opened anew: another user's pipe.
  private let mayBlock: Bool
  private let isSocket: Bool
  /// A line was given up in the middle.
  private var isInLine = false
  /// Lines that nobody took since the last one that somebody did.
  private(set) var dropped = 0

  /// How long a line waits for its reader; those after it don't wait until one was taken.
  static let patience: Int32 = 2_000

  /// Takes a descriptor, which stays the caller's and is left as it is: others share it.
  init(descriptor: Int32) {
    var status = stat()
    let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
    isSocket = kind == S_IFSOCK
    guard kind == S_IFIFO || kind == S_IFCHR else {
      self.descriptor = descriptor
      mayBlock = false
      return
    }
    // Opened anew it can be written to without blocking.
    let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    self.descriptor = own >= 0 ? own : descriptor
    mayBlock = own < 0
  }

  mutating func write(_ text: String) {
    if dropped > 0 {
      // What is left of its room may take this and not the next line.
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard Glibc.poll(&poll, 1, 0) == 1 else {
        dropped += 1
        return
      }
      guard put("(\(dropped) lines were not written: nobody read standard error)\n", waiting: 0)
      else {
        dropped += 1
        return
      }
      dropped = 0
    }
    if !put(text + "\n", waiting: Self.patience) { dropped += 1 }
  }

  /// - Returns: whether it is written; false once the time is over, or the reader is gone.
  private mutating func put(_ line: String, waiting: Int32) -> Bool {
    var rest = Array(((isInLine ? "\n" : "") + line).utf8)[...]
    var patience = waiting
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write($0) }
      if count > 0 {
        rest = rest.dropFirst(count)
        isInLine = !rest.isEmpty
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN, patience > 0 {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // A line that is begun is not given up without its time.
        if Glibc.poll(&poll, 1, patience) == 0 { patience = 0 }
      } else {
        return false
      }
    }
    return true
  }

  /// Writes what fits without waiting.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    if isSocket {
      return send(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }
    guard mayBlock else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    // What is ready takes as much as this.
    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard Glibc.poll(&poll, 1, 0) == 1 else {
      errno = EAGAIN
      return -1
    }
    return Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
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
  public static var now: String { WallClock.now }
}
