import Dispatch
import Glibc
import Logging
import PodIdentity
import Program
import Synchronization
import Linux

/// An open connection to pod-reaper, which the kernel closes when this process dies, however it dies. The executor runs
/// unhindered where there is no reaper, or one that hangs.
final class Lease: Sendable {
  /// The variable that the agent's hook sets.
  static let variable = "COMPOSE_EXECUTOR_LEASE_SOCKET"

  private let path: String
  private let run: String
  private let log: Logger
  private let state = Mutex(State())

  private struct State {
    /// The open connection.
    var connection: Int32?
    /// Whether the reaper takes the number of restarts: earlier ones end the connection at a line that they don't know.
    var takesRestarts = false
    /// How often a service was started again.
    var restarts = 0
  }

  /// A lease on a run; nothing is connected yet.
  init(run: String, environment: [String: String], log: Logger) {
    let named = environment[Self.variable] ?? ""
    path = named.isEmpty ? LeaseProtocol.defaultSocket : named
    self.run = run
    self.log = log
  }

  /// Holds the lease until it is released or the task is cancelled; connects anew when the reaper restarts, and looks
  /// for one that isn't there every half minute.
  func keep() async {
    var wait = Duration.milliseconds(500)
    while !Task.isCancelled {
      if let file = UnixSocket.connect(path, waits: false) {
        let isHeld = await hold(file)
        if isHeld { wait = .milliseconds(500) }
        if Task.isCancelled { return }
        log.debug(isHeld ? "pod-reaper went away: leasing again" : "pod-reaper refused the lease")
      }
      do {
        // Many executors meet one reaper that restarts.
        try await Task.sleep(for: wait * Double.random(in: 0.5...1))
      } catch { return }
      wait = min(wait * 2, .seconds(30))
    }
  }

  /// Says that this executor is through, and its pod gone.
  func release() {
    state.withLock { state in
      guard let file = state.connection else { return }
      Self.send(file, LeaseProtocol.release + "\n")
    }
  }

  /// Counts a restart of a service, for the reaper's metrics.
  func countRestart() {
    state.withLock { state in
      state.restarts += 1
      Self.report(state)
    }
  }

  private static func report(_ state: State) {
    guard let file = state.connection, state.takesRestarts else { return }
    send(file, LeaseProtocol.restarts(state.restarts) + "\n")
  }

  /// - Returns: whether the reaper took the lease, once the connection is closed.
  private func hold(_ file: Int32) async -> Bool {
    let (answers, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    state.withLock { ($0.connection, $0.takesRestarts) = (file, false) }
    let source = ReadSource(file, on: .global()) {
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = read(file, &bytes, bytes.count)
      if count > 0 {
        continuation.yield(Array(bytes[..<count]))
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        continuation.finish()
      }
    }
    Self.send(file, LeaseProtocol.request(run: run) + "\n")
    var isHeld = false
    for await answer in answers where answer.starts(with: Array(LeaseProtocol.accepted.utf8)) {
      isHeld = true
      if answer.starts(with: Array(LeaseProtocol.acceptedWithRestarts.utf8)) {
        state.withLock { state in
          state.takesRestarts = true
          Self.report(state)
        }
      }
      log.debug("pod-reaper holds this executor's lease")
    }
    state.withLock { $0.connection = nil }
    source.cancel()
    return isHeld
  }

  private static func send(_ file: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
  }
}
