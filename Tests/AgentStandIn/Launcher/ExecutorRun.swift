import Foundation
import Synchronization
import TestSupport

/// One run of an executor that the stand-in's launcher started.
public final class ExecutorRun: Sendable {
  /// What kind of executor it is one of.
  public let executorID: String
  /// The run: Mesos' container ID.
  public let id: String
  /// The executor's process; to signal it use ``send(_:)``.
  public let pid: pid_t
  /// Its sandbox.
  public let sandbox: String

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

  /// Puts a process that waits at its gate into its cgroups.
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

  /// How it ended; nil while it runs.
  public var status: ExitStatus? { life.withLock { $0.status } }

  /// Whether the launcher has killed and removed all that was left of it.
  public var isGone: Bool { life.withLock { $0.isGone } }

  /// What it wrote to a file of its sandbox; empty if there is none.
  public func text(_ file: String = "stdout") -> String {
    (try? String(contentsOfFile: "\(sandbox)/\(file)", encoding: .utf8)) ?? ""
  }

  /// Sends a signal to the executor's process if it still runs.
  @discardableResult
  public func send(_ signal: Int32) -> Bool {
    life.withLock { !$0.isReaped && $0.status == nil && kill(pid, signal) == 0 }
  }

  /// Waits until it has ended and the launcher has removed what was left.
  ///
  /// - Throws: `DeadlinePassed`
  @discardableResult
  nonisolated(nonsending) public func exit(within: Duration = .seconds(30)) async throws
    -> ExitStatus
  {
    try await eventually("the end of executor \(executorID)", within: within) {
      life.withLock { $0.isGone ? $0.status : nil }
    }
  }

  /// Lets it run.
  ///
  /// - Parameter ended: Called when its process has ended, by itself or not.
  func begin(ended: @escaping @Sendable () -> Void) {
    if let folder = cgroups?.memoryFolder {
      // Without it a hit limit looks like any other end; the limit itself holds all the same.
      try? MemoryWatch.start(folder) { [weak self] in self?.destroy(limitation: $0) }
    }
    process.proceed()
    Thread.detachNewThread { [self] in
      if let status = process.awaitEnd() { life.withLock { $0.status = status } }
      // 3rdparty/libprocess/src/reap.cpp, `MIN_REAP_INTERVAL`: an end is noticed later than a limit that was hit.
      usleep(100_000)
      ended()
    }
  }

  func limit(_ amounts: RunAmounts) throws { try cgroups?.limit(amounts) }

  /// Kills all that runs below, removes the folders, and tells the agent; once.
  ///
  /// Follows src/slave/containerizer/mesos/containerizer.cpp, `destroy`; returns at once.
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

  /// Whether a folder of the launcher's own hierarchies could not be removed within 10 s.
  public var hasLeftover: Bool { life.withLock { $0.leftover } }

  /// Destroys it and waits until it is gone.
  func close() async {
    destroy()
    try? await eventually("the removal of run \(id)", within: .seconds(40)) { isGone }
  }
}
