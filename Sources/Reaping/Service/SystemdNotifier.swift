import Glibc
import Synchronization
import Linux

/// Tells systemd how the service does (sd_notify(3)); without NOTIFY_SOCKET it says nothing.
final class SystemdNotifier: Sendable {
  private let path: String?
  /// How often systemd waits to hear that all is well, halved; nil where it doesn't.
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

  /// How often to say that all is well; nil where nobody listens.
  var interval: Duration? {
    path == nil ? nil : min(watchdogInterval ?? .seconds(20), .seconds(20))
  }

  /// The first pass is over, or the engine is away, which is no fault of ours; later calls say
  /// nothing.
  func ready() {
    state.withLock {
      guard $0 == .starting else { return }
      $0 = .ready
      send("READY=1")
    }
  }

  /// All is well: also that a start which takes its time goes on.
  ///
  /// - Parameter limit: how long the next word may take.
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

  /// The settings are read anew.
  func reloading() {
    // systemd counts by CLOCK_MONOTONIC, which is what a suspending clock reads on Linux.
    let time = SuspendingClock().systemEpoch.duration(to: .now)
    let (seconds, attoseconds) = time.components
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    state.withLock {
      guard $0 == .ready else { return }
      send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }
  }

  /// They have been read.
  func reloaded() {
    state.withLock { if $0 == .ready { send("READY=1") } }
  }

  /// The service ends; later calls say nothing.
  func stopping() {
    state.withLock {
      $0 = .stopping
      send("STOPPING=1")
    }
  }

  /// A listener that doesn't keep up must not hold up a pass: it gets five seconds for what it has
  /// to know, and none for what is said again.
  private func send(_ state: String, waits: Bool = true) {
    guard let path else { return }
    _ = UnixSocket.send(Array(state.utf8), to: path, within: waits ? .seconds(5) : .zero)
  }
}
