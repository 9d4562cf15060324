import Glibc
import Synchronization

/// What a command prints as a whole.
public enum StandardOutput {
  private static let brokenBy = Mutex<Int32?>(nil)

  /// Why something could not be written, for people; nil where all was written, or the reader has gone away.
  public static var failure: String? { brokenBy.withLock { $0 }.flatMap { failure($0) } }

  /// Writes a text, however slowly it is read. After an error the rest is dropped; the program then fails with `failure`.
  ///
  /// - Parameter text: the text.
  /// - Returns: whether it was written.
  @discardableResult
  public static func write(_ text: String) -> Bool {
    guard let error = put(text, to: STDOUT_FILENO) else { return true }
    brokenBy.withLock { $0 = $0 ?? error }
    return false
  }

  /// Whether the other end of a pipe is still open.
  public static var hasReader: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&descriptor, 1, 0) <= 0 || Int32(descriptor.revents) & (POLLERR | POLLHUP) == 0
  }

  /// Describes an error of a write to standard output.
  ///
  /// - Parameters:
  ///   - error: the error's number (errno).
  ///   - stream: the stream's name.
  /// - Returns: the description; nil where the reader has gone away, which is no failure.
  public static func failure(_ error: Int32, of stream: String = "standard output") -> String? {
    [EPIPE, ECONNRESET].contains(error)
      ? nil : "\(stream) can't be written: \(String(cString: strerror(error)))"
  }

  /// Writes a text to a descriptor.
  ///
  /// - Returns: the number of the error; nil where all was written.
  static func put(_ text: String, to descriptor: Int32) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 {
        return ENOSPC
      } else if errno == EAGAIN {
        // Whoever started the program may have left it so that a write doesn't wait.
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}
