import Glibc
import Synchronization
import Linux

/// Reports the state of the service to systemd (sd_notify(3)); without NOTIFY_SOCKET it does
/// nothing.
final class SystemdNotifier: Sendable {
  private let path: String?
  /// Half of systemd's watchdog timeout; nil if the watchdog is off.
  private let watchdogInterval: Duration?
  private enum State { case starting, ready, stopping }
  private let state = Mutex(State.starting)

  init(environment: [String: String]) {
    path = environment["NOTIFY_SOCKET"]
    let own = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    watchdogInterval =
      own
      ? environment["WATCHDOG_USEC"].flatMap { Int($0) }.flatMap {
        $0 > 0 ? .microseconds($0) / 2 : nil
      }
      : nil
  }

  /// The interval between watchdog signals; nil without NOTIFY_SOCKET.
  var interval: Duration? {
    path == nil ? nil : min(watchdogInterval ?? .seconds(20), .seconds(20))
  }

  /// Reports once that the service is ready: after the first pass, or if the engine is unavailable,
  /// which is not a failure of this service. Later calls do nothing.
  func ready() {
    state.withLock {
      guard $0 == .starting else { return }
      $0 = .ready
      send("READY=1")
    }
  }

  /// Reports that the service works. While the service starts, it extends the start timeout
  /// instead.
  ///
  /// - Parameter limit: the longest time until the next call.
  func watchdog(for limit: Duration) {
    state.withLock {
      if $0 == .starting {
        send(
          "EXTEND_TIMEOUT_USEC=\(limit.components.seconds * 1_000_000 + 30_000_000)", waits: false)
      } else if $0 == .ready, watchdogInterval != nil {
        send("WATCHDOG=1", waits: false)
      }
    }
  }

  /// Reports that the settings are being read again.
  func reloading() {
    // systemd uses CLOCK_MONOTONIC, which is SuspendingClock on Linux.
    let time = SuspendingClock().systemEpoch.duration(to: .now)
    let (seconds, attoseconds) = time.components
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    state.withLock {
      guard $0 == .ready else { return }
      send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }
  }

  /// Reports that the settings have been read.
  func reloaded() {
    state.withLock { if $0 == .ready { send("READY=1") } }
  }

  /// Reports that the service is stopping. Later calls of other functions do nothing.
  func stopping() {
    state.withLock {
      $0 = .stopping
      send("STOPPING=1")
    }
  }

  /// A slow receiver must not delay a pass: a state that is sent once waits up to five seconds, and
  /// repeated signals don't wait.
  private func send(_ state: String, waits: Bool = true) {
    guard let path else { return }
    _ = UnixSocket.send(Array(state.utf8), to: path, within: waits ? .seconds(5) : .zero)
  }
}
