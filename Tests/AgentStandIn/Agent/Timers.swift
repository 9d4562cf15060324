import Synchronization

/// Delayed actions that can be canceled.
final class Timers: Sendable {
  private struct Pending {
    var next = 0
    var tasks: [Int: Task<Void, Never>] = [:]
  }

  private let pending = Mutex(Pending())

  /// Runs an action after a delay, unless ``cancel()`` is called before.
  func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
    pending.withLock { pending in
      let number = pending.next
      pending.next += 1
      pending.tasks[number] = Task { [weak self] in
        do { try await Task.sleep(for: delay) } catch { return }
        body()
        self?.pending.withLock { _ = $0.tasks.removeValue(forKey: number) }
      }
    }
  }

  /// Cancels all pending actions.
  func cancel() {
    let tasks = pending.withLock { pending in
      defer { pending.tasks = [:] }
      return pending.tasks.values
    }
    for task in tasks { task.cancel() }
  }
}
