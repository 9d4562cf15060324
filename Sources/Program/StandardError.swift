import Glibc
import Linux
import Logging
import Synchronization

/// Writes lines for people to standard error. A reader that has stopped reading delays the program
/// only briefly; lines that it does not read are dropped and counted.
package enum StandardError {
  private static let sink = Mutex(LineSink(descriptor: STDERR_FILENO))

  /// Writes a line in one call, so that it is not mixed with other lines.
  package static func line(_ text: String) {
    sink.withLock { $0.write(text) }
  }
}

/// Writes lines to a descriptor whose reader may have stopped.
struct LineSink: ~Copyable {
  private let descriptor: Int32
  /// Whether a write can block because the descriptor could not be reopened, for example another
  /// user's pipe.
  private let mayBlock: Bool
  private let isSocket: Bool
  /// Whether the last line was written only in part.
  private var isInLine = false
  /// The number of lines that were dropped since the last line that was written.
  private(set) var dropped = 0

  /// How long a line waits for the reader, in milliseconds. After a dropped line, further lines do
  /// not wait until one could be written.
  static let patience: Int32 = 2_000

  /// Uses a descriptor that the caller owns. Its flags stay unchanged, because other processes
  /// share it.
  init(descriptor: Int32) {
    var status = stat()
    let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
    isSocket = kind == S_IFSOCK
    guard kind == S_IFIFO || kind == S_IFCHR else {
      self.descriptor = descriptor
      mayBlock = false
      return
    }
    // A reopened descriptor can be non-blocking without an effect on the shared one.
    let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    self.descriptor = own >= 0 ? own : descriptor
    mayBlock = own < 0
  }

  mutating func write(_ text: String) {
    if dropped > 0 {
      // A full pipe can still have room for this short line, but not for the next one.
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard Glibc.poll(&poll, 1, 0) == 1 else {
        dropped += 1
        return
      }
      guard put("(\(dropped) lines were not written: no process read standard error)\n", waiting: 0)
      else {
        dropped += 1
        return
      }
      dropped = 0
    }
    if !put(text + "\n", waiting: Self.patience) { dropped += 1 }
  }

  /// - Returns: whether the line was written; false at the timeout or when the reader is gone.
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
        // Each wait gets the full time, so that a partly written line is not dropped early.
        if Glibc.poll(&poll, 1, patience) == 0 { patience = 0 }
      } else {
        return false
      }
    }
    return true
  }

  /// Writes the bytes that fit without blocking.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    if isSocket {
      return send(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }
    guard mayBlock else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    // A descriptor that is ready accepts PIPE_BUF bytes without blocking.
    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard Glibc.poll(&poll, 1, 0) == 1 else {
      errno = EAGAIN
      return -1
    }
    return Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
  }
}

/// A log on standard error. Each line has time, level and message.
package struct StandardErrorLog: LogHandler {
  /// The lowest level that is printed.
  package var logLevel: Logger.Level
  /// Metadata that is added to each line.
  package var metadata: Logger.Metadata = [:]

  /// A log of the messages of a level and above.
  ///
  /// - Parameters:
  ///   - logLevel: the lowest level that is printed.
  ///   - write: prints a line.
  package init(
    logLevel: Logger.Level, write: @escaping @Sendable (String) -> Void = { StandardError.line($0) }
  ) {
    self.logLevel = logLevel
    self.write = write
  }

  private let write: @Sendable (String) -> Void

  /// One value of the metadata.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  package func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let rest = pairs.isEmpty ? "" : " (\(pairs.joined(separator: ", ")))"
    // Parts of the message come from other programs.
    let text = Printable.text("\(event.message)\(rest)", limit: 16_384)
    write("\(Timestamp.now) \(event.level): \(text)")
  }
}

/// Times as text.
package enum Timestamp {
  /// The current time in UTC, with milliseconds (RFC 3339).
  package static var now: String { WallClock.now }
}
