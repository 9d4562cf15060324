import Glibc

/// What a command prints as a whole.
public enum StandardOutput {
  /// Writes a text, however slowly it is read. Once the reader is gone the rest is dropped.
  public static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count < 0, errno == EAGAIN {
        // Whoever started the program may have left it so that a write doesn't wait.
        var poll = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      } else if count == 0 || errno != EINTR {
        return
      }
    }
  }
}
