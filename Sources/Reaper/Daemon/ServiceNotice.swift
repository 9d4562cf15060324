import Glibc
import SystemPackage

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
    guard let path, let first = path.utf8.first else { return }
    let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { return }
    defer { close(file) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    if first == UInt8(ascii: "@") { bytes[0] = 0 }
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = MemoryLayout<sa_family_t>.size + bytes.count
    let text = Array(state.utf8)
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(file, text, text.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
      }
    }
  }
}
