import Dispatch
import Glibc
import Logging
import PodIdentity
import Program
import Synchronization
import Linux

/// An open connection to pod-reaper. The kernel closes it when this process dies, whatever the
/// cause. The executor also works if there is no reaper, or the reaper hangs.
final class Lease: Sendable {
  /// The environment variable with the path of the socket. The agent's hook module sets it.
  static let variable = "COMPOSE_EXECUTOR_LEASE_SOCKET"

  private let path: String
  private let run: String
  private let log: Logger
  private let state = Mutex(State())

  fileprivate struct State {
    /// The open connection; nil if there is none.
    var connection: Int32?
    /// The kinds of reports that the reaper accepts.
    var features: Set<LeaseProtocol.Feature> = []
    /// The figures of each pod, by task.
    var figures: [String: LeaseFigures] = [:]
    /// The tasks whose figures have not been sent, in the order of sending.
    var unsent: [String] = []
    /// The sum of the restarts of pods whose figures are no longer kept.
    var earlierRestarts = 0
    /// Whether lines were sent within the last second.
    var isPausing = false
  }

  /// The maximum number of lines per second, and of lines just before the connection is closed. The
  /// reaper closes a connection that exceeds a burst of 64 lines plus ten lines per second.
  private static let (mostLines, mostLastLines) = (8, 48)
  /// The maximum number of pods in a terminal state whose figures are kept until they are sent.
  private static let mostEnded = 32

  /// Prepares the lease of a run. `keep()` connects it.
  init(run: String, environment: [String: String], log: Logger) {
    let named = environment[Self.variable] ?? ""
    path = named.isEmpty ? LeaseProtocol.defaultSocket : named
    self.run = run
    self.log = log
  }

  /// Holds the lease until the task is canceled. Without a connection it retries, at first after
  /// half a second at most, and after longer and longer pauses of up to 30 seconds.
  func keep() async {
    var wait = Duration.milliseconds(500)
    while !Task.isCancelled {
      if let file = UnixSocket.connect(path, waits: false) {
        let isHeld = await hold(file)
        if isHeld { wait = .milliseconds(500) }
        if Task.isCancelled { return }
        log.debug(
          isHeld
            ? "pod-reaper closed the connection: requesting a new lease"
            : "pod-reaper refused the lease")
      }
      do {
        // The random factor spreads the connections of many executors to a restarted reaper.
        try await Task.sleep(for: wait * Double.random(in: 0.5...1))
      } catch { return }
      wait = min(wait * 2, .seconds(30))
    }
  }

  /// Sends the last figures, and releases the lease if all objects of the executor's pods are
  /// removed.
  ///
  /// - Parameter isClean: whether all objects are removed.
  func finish(isClean: Bool) {
    state.withLock { state in
      Self.sendFigures(&state, most: Self.mostLastLines)
      guard isClean, let file = state.connection else { return }
      Self.send(file, LeaseProtocol.release + "\n")
    }
  }

  /// Reports the figures of a pod for the reaper's metrics. They are sent at once, or later if
  /// lines were sent within the last second or there is no connection.
  func report(_ figures: LeaseFigures) {
    state.withLock { state in
      state.set(figures)
      if state.figures.values.count(where: { $0.outcome != nil }) > Self.mostEnded,
        let oldest = state.unsent.first(where: { state.figures[$0]?.outcome != nil })
      {
        state.forget(oldest)
      }
      flush(&state)
    }
  }

  /// Sends changed figures, but not within a second after the previous ones.
  private func flush(_ state: inout State) {
    guard !state.isPausing, state.connection != nil, !state.features.isEmpty, !state.unsent.isEmpty
    else { return }
    Self.sendFigures(&state, most: Self.mostLines)
    state.isPausing = true
    DispatchQueue.global().asyncAfter(deadline: .now() + 1) { [weak self] in
      self?.state.withLock { state in
        state.isPausing = false
        self?.flush(&state)
      }
    }
  }

  private static func sendFigures(_ state: inout State, most: Int) {
    guard let file = state.connection, !state.unsent.isEmpty else { return }
    if state.features.contains(.figures) {
      for task in state.unsent.prefix(most) {
        if let figures = state.figures[task] { send(file, figures.line + "\n") }
        state.recordSent(task)
      }
      state.unsent.removeFirst(min(most, state.unsent.count))
    } else if state.features.contains(.restarts) {
      for task in state.unsent { state.recordSent(task) }
      state.unsent = []
      let restarts = state.figures.values.reduce(state.earlierRestarts) { $0 + $1.restarts }
      send(file, LeaseProtocol.restarts(restarts) + "\n")
    }
  }

  /// Requests the lease, and holds it until the connection is closed.
  ///
  /// - Returns: whether the reaper accepted the lease.
  private func hold(_ file: Int32) async -> Bool {
    let (responses, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    state.withLock { ($0.connection, $0.features) = (file, []) }
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
    for await bytes in responses {
      let response = String(decoding: bytes, as: UTF8.self)
      guard let features = LeaseProtocol.features(of: response) else { continue }
      isHeld = true
      state.withLock { state in
        state.features = features
        // The connection is new, so this reaper has no figures yet.
        state.unsent = state.figures.keys.sorted()
        flush(&state)
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

extension Lease.State {
  /// Replaces the figures of a pod, and marks them as unsent.
  fileprivate mutating func set(_ new: LeaseFigures) {
    var new = new
    if unsent.contains(new.task) {
      if figures[new.task]?.isNewlyLaunched == true { new.isNewlyLaunched = true }
    } else {
      unsent.append(new.task)
    }
    figures[new.task] = new
  }

  /// Records that the figures of a pod were sent. A launch is reported once. No report follows the
  /// one with the outcome.
  fileprivate mutating func recordSent(_ task: String) {
    if figures[task]?.outcome != nil { return forgetFigures(of: task) }
    figures[task]?.isNewlyLaunched = false
  }

  fileprivate mutating func forget(_ task: String) {
    unsent.removeAll { $0 == task }
    forgetFigures(of: task)
  }

  private mutating func forgetFigures(of task: String) {
    earlierRestarts += figures.removeValue(forKey: task)?.restarts ?? 0
  }
}
