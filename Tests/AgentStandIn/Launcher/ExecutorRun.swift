import Foundation
import Synchronization
import TestSupport

/// One run of an executor that the stand-in's launcher started.
package final class ExecutorRun: Sendable {
  /// The executor's ID.
  package let executorID: String
  /// The container ID of the run.
  package let id: String
  /// The executor's process. Use ``send(_:)`` to signal it.
  package let pid: pid_t
  /// The sandbox.
  package let sandbox: String

  private struct Life {
    var status: ExitStatus?
    var isReaped = false
    var isDestroying = false
    var isGone = false
    var limitation: String?
    var leftover = false
  }

  private let life = Mutex(Life())
  private let process: SpawnedProcess
  private let cgroups: (any RunCgroups)?
  private let terminated: @Sendable (_ limitation: String?) -> Void

  /// Creates a run from a process that is waiting at its gate.
  init(
    executorID: String, id: String, sandbox: String, process: SpawnedProcess,
    cgroups: (any RunCgroups)?, terminated: @escaping @Sendable (_ limitation: String?) -> Void
  ) {
    self.executorID = executorID
    self.id = id
    self.sandbox = sandbox
    self.process = process
    self.cgroups = cgroups
    self.terminated = terminated
    pid = process.pid
  }

  /// The exit status. Nil while the process is running.
  package var status: ExitStatus? { life.withLock { $0.status } }

  /// Whether the launcher has killed all processes of the run and removed its cgroups.
  package var isGone: Bool { life.withLock { $0.isGone } }

  /// The content of a file in the sandbox. Empty if the file doesn't exist.
  package func text(_ file: String = "stdout") -> String {
    (try? String(contentsOfFile: "\(sandbox)/\(file)", encoding: .utf8)) ?? ""
  }

  /// Sends a signal to the executor's process if it is still running.
  @discardableResult
  package func send(_ signal: Int32) -> Bool {
    life.withLock { !$0.isReaped && $0.status == nil && kill(pid, signal) == 0 }
  }

  /// Waits until the executor has exited and the launcher has cleaned up.
  ///
  /// - Throws: `DeadlinePassed`
  @discardableResult
  nonisolated(nonsending) package func exit(within: Duration = .seconds(180)) async throws
    -> ExitStatus
  {
    try await eventually("the end of executor \(executorID)", within: within) {
      life.withLock { $0.isGone ? $0.status : nil }
    }
  }

  /// Opens the gate, so that the executor starts.
  ///
  /// - Parameter ended: Called when the process has exited or was killed.
  func begin(ended: @escaping @Sendable () -> Void) {
    if let directory = cgroups?.memoryDirectory {
      // Without the watch, an exceeded limit looks like any other exit. The limit itself still
      // applies.
      try? MemoryWatch.start(directory) { [weak self] in self?.destroy(limitation: $0) }
    }
    process.proceed()
    Thread.detachNewThread { [self] in
      if let status = process.awaitEnd() { life.withLock { $0.status = status } }
      // 3rdparty/libprocess/src/reap.cpp, `MIN_REAP_INTERVAL`: Mesos detects an exit later than an
      // exceeded limit.
      usleep(100_000)
      ended()
    }
  }

  func limit(_ amounts: RunAmounts) throws { try cgroups?.limit(amounts) }

  /// Kills all processes of the run, removes its cgroups, and informs the agent. Further calls have
  /// no effect.
  ///
  /// Follows src/slave/containerizer/mesos/containerizer.cpp, `destroy`. Returns at once.
  func destroy(limitation: String? = nil) {
    let isFirst = life.withLock {
      if $0.isDestroying { return false }
      $0.isDestroying = true
      $0.limitation = limitation
      return true
    }
    guard isFirst else { return }
    Thread.detachNewThread { [self] in
      if let cgroups { cgroups.killAll() } else { ProcessSession.killAll(of: pid) }
      let status = process.awaitEnd()
      life.withLock {
        process.reap()
        $0.isReaped = true
        $0.status = status
      }
      let isRemoved = cgroups?.remove() ?? true
      terminated(life.withLock { $0.limitation })
      life.withLock {
        $0.isGone = true
        $0.leftover = !isRemoved
      }
    }
  }

  /// Whether a directory in the launcher's own hierarchies couldn't be removed within 10 s.
  package var hasLeftover: Bool { life.withLock { $0.leftover } }

  /// Destroys the run and waits until it is gone.
  func close() async {
    destroy()
    try? await eventually("the removal of run \(id)", within: .seconds(40)) { isGone }
  }
}
