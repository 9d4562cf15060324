import Glibc

/// What a command prints as a whole.
public enum StandardOutput {
  /// Writes a text, however slowly it is read. Once the reader is gone the rest is dropped. Where it can't be written, such
  /// as to a full disk, the process ends with 1 and a line: what is missing of a file must not look like success.
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
        let code = count == 0 ? EIO : errno
        if [EPIPE, ECONNRESET].contains(code) { return }
        let reason = String(cString: strerror(code))
        StandardError.line("\(ProgramArguments.name): standard output can't be written: \(reason)")
        endProcess(1)
      }
    }
  }
}
