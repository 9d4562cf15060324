import Glibc
import Program

/// Tells systemd how the service does (sd_notify(3)); without NOTIFY_SOCKET it says nothing.
struct ServiceNotice: Sendable {
  private let path: String?
  /// How often to say that all is well; nil where nobody waits for it.
  let watchdog: Duration?

  init(environment: [String: String]) {
    path = environment["NOTIFY_SOCKET"]
    let own = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    watchdog =
      own
      ? environment["WATCHDOG_USEC"].flatMap { Int($0) }.map { .microseconds($0) / 2 } : nil
  }

  /// Sends a state such as `READY=1`.
  func send(_ state: String) {
    guard let path else { return }
    let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { return }
    defer { close(file) }
    let text = Array(state.utf8)
    _ = UnixSocket.withAddress(path) { address, length in
      Int32(sendto(file, text, text.count, Int32(MSG_NOSIGNAL), address, length))
    }
  }
}
