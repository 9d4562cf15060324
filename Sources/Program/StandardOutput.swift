import Glibc
import Synchronization

/// Standard output of a command.
package enum StandardOutput {
  private static let brokenBy = Mutex<Int32?>(nil)

  /// Why output could not be written, for people; nil where everything was written, or where the
  /// reader is gone.
  package static var failure: String? { brokenBy.withLock { $0 }.flatMap { failure($0) } }

  /// Writes a text, and waits for a slow reader without a limit. After an error the rest is
  /// dropped, and the program then fails with `failure`.
  ///
  /// - Parameter text: the text.
  /// - Returns: whether the text was written.
  @discardableResult
  package static func write(_ text: String) -> Bool {
    guard let error = put(text, to: STDOUT_FILENO) else { return true }
    brokenBy.withLock { $0 = $0 ?? error }
    return false
  }

  /// Whether the reader of a pipe still exists.
  package static var hasReader: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&descriptor, 1, 0) <= 0 || Int32(descriptor.revents) & (POLLERR | POLLHUP) == 0
  }

  /// Describes an error of a write to standard output.
  ///
  /// - Parameters:
  ///   - error: the error's number (errno).
  ///   - stream: the stream's name.
  /// - Returns: the description; nil where the reader is gone, which is not a failure.
  package static func failure(_ error: Int32, of stream: String = "standard output") -> String? {
    [EPIPE, ECONNRESET].contains(error)
      ? nil : "\(stream) can't be written: \(String(cString: strerror(error)))"
  }

  /// Writes a text to a descriptor.
  ///
  /// - Returns: the error's number (errno); nil where everything was written.
  static func put(_ text: String, to descriptor: Int32) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 {
        return ENOSPC
      } else if errno == EAGAIN {
        // The descriptor can be non-blocking, depending on the process that started the program.
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}
