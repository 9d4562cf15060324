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

  fileprivate struct State {
    /// The open connection.
    var connection: Int32?
    /// The reports that the reaper accepts.
    var features: Set<LeaseProtocol.Feature> = []
    /// The figures of each pod, by task.
    var figures: [String: LeaseFigures] = [:]
    /// The tasks whose figures have changed since they were sent, longest first.
    var unsent: [String] = []
    /// The restarts of pods that have stopped.
    var earlierRestarts = 0
    /// Lines were sent within the last second.
    var isPausing = false
  }

  /// The most lines per second, and before the connection is closed: the reaper drops a lease that sends more than 64
  /// lines at once, or ten per second for long.
  private static let (mostLines, mostLastLines) = (8, 48)
  /// The most stopped pods whose figures wait for a reaper.
  private static let mostEnded = 32

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

  /// Sends the last figures, and releases the lease if nothing of the executor's pods is left.
  ///
  /// - Parameter isClean: whether nothing is left.
  func finish(isClean: Bool) {
    state.withLock { state in
      Self.sendFigures(&state, most: Self.mostLastLines)
      guard isClean, let file = state.connection else { return }
      Self.send(file, LeaseProtocol.release + "\n")
    }
  }

  /// Reports the figures of a pod for the reaper's metrics: at once, or within a few seconds.
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

  /// Sends changed figures, at the earliest a second after the last ones.
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
        state.noteSent(task)
      }
      state.unsent.removeFirst(min(most, state.unsent.count))
    } else if state.features.contains(.restarts) {
      for task in state.unsent { state.noteSent(task) }
      state.unsent = []
      let restarts = state.figures.values.reduce(state.earlierRestarts) { $0 + $1.restarts }
      send(file, LeaseProtocol.restarts(restarts) + "\n")
    }
  }

  /// - Returns: whether the reaper took the lease, once the connection is closed.
  private func hold(_ file: Int32) async -> Bool {
    let (answers, continuation) = AsyncStream.makeStream(of: [UInt8].self)
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
    for await answer in answers {
      let response = String(decoding: answer, as: UTF8.self)
      guard let features = LeaseProtocol.features(of: response) else { continue }
      isHeld = true
      state.withLock { state in
        state.features = features
        // A new connection: this reaper has no figures.
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
  /// Replaces the figures of a pod by new ones, which are to be sent.
  fileprivate mutating func set(_ new: LeaseFigures) {
    var new = new
    if unsent.contains(new.task) {
      if figures[new.task]?.isNewlyLaunched == true { new.isNewlyLaunched = true }
    } else {
      unsent.append(new.task)
    }
    figures[new.task] = new
  }

  /// Records that the figures of a pod were sent: a launch is reported once, and an outcome comes last.
  fileprivate mutating func noteSent(_ task: String) {
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
