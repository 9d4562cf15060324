import Synchronization

/// When the pass that is under way last got on.
final class Progress: Sendable {
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// A pass begins.
  func begin() { last.withLock { $0 = .now } }

  /// Some step of it is done: however long a pass takes, one that gets on doesn't hang.
  func step() { last.withLock { if $0 != nil { $0 = .now } } }

  /// It has ended.
  func end() { last.withLock { $0 = nil } }

  /// Whether no step of a pass has been under way longer than that.
  func isWithin(_ limit: Duration) -> Bool {
    last.withLock { last in last.map { .now - $0 <= limit } ?? true }
  }
}

/// What calls for a pass. However much comes at once, it becomes one pass over everything or one over each run.
final class Triggers: Sendable {
  /// What the next pass is for.
  struct Wanted: Sendable {
    /// Every pod is looked at.
    var everything = false
    /// Runs whose executor has ended, or of which something has appeared.
    var runs: Set<String> = []

    var isEmpty: Bool { !everything && runs.isEmpty }
  }
  /// Rings while something is wanted.
  let bell: AsyncStream<Void>
  private let ring: AsyncStream<Void>.Continuation
  private let wanted = Mutex(Wanted())

  init() {
    (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// Wants a look at one run's pods.
  func add(run: String) {
    wanted.withLock {
      // A look at everything costs no more than at so many.
      if $0.runs.count < 64 { $0.runs.insert(run) } else { $0.everything = true }
    }
    ring.yield()
  }

  /// Wants a look at all pods.
  func addEverything() {
    wanted.withLock { $0.everything = true }
    ring.yield()
  }

  /// Takes what is wanted off.
  func take() -> Wanted {
    wanted.withLock { wanted in
      defer { wanted = Wanted() }
      return wanted
    }
  }

  /// Ends the bell.
  func finish() { ring.finish() }
}

/// When runs are looked at again, some time after their removal or their executor's end. However many there are, they
/// cost a bounded number of tasks: past that everything is looked at.
final class LaterLooks: Sendable {
  private static let waits: [Duration] = [.seconds(1), .seconds(4), .seconds(15)]
  private struct Row {
    var number: Int
    var task: Task<Void, Never>
  }
  private struct State {
    /// By run; nil for everything.
    var rows: [String?: Row] = [:]
    var count = 0
  }
  private let state = Mutex(State())

  /// Has a run looked at after one, five and twenty seconds.
  func add(_ run: String, _ triggers: Triggers) {
    state.withLock { state in
      let key = state.rows.count < 256 || state.rows[run] != nil ? run : nil
      state.count += 1
      let number = state.count
      state.rows[key]?.task.cancel()
      let task = Task { [weak self] in
        for wait in Self.waits {
          guard (try? await Task.sleep(for: wait)) != nil else { return }
          if let key { triggers.add(run: key) } else { triggers.addEverything() }
        }
        self?.end(key, number)
      }
      state.rows[key] = Row(number: number, task: task)
    }
  }

  private func end(_ key: String?, _ number: Int) {
    state.withLock { if $0.rows[key]?.number == number { $0.rows[key] = nil } }
  }
}
