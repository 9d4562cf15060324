import Cgroups
import Logging
import PodIdentity
import Systemd

/// Maintains the slice of an executor's pods: it exists before any container runs in it, with the
/// limits of all their tasks. Tasks that share a run share its slice.
package actor SliceKeeper {
  /// The slice and its owner.
  struct Claim: Sendable, Equatable {
    let slice: PodSlice
    let version: CgroupVersion
    let incarnation: Incarnation
    /// The text about the isolators that the pod escapes; nil if there are none.
    var warning: String?
  }

  private let systemd = Systemd()
  private let log: Logger
  private var claim: Claim?
  private var tasks: [String: TaskLimits?] = [:]
  /// The limits in force after the last change.
  private var inForce: [String]?
  /// The limits that were applied last.
  private(set) var limits: SliceLimits?
  private var release: Int?
  private var watch: MemoryWatch?
  /// Whether the slice has reached its memory limit.
  private(set) var hasReachedLimit = false
  private var hearers: [String: @Sendable () -> Void] = [:]
  private var last: Task<Void, Never>?

  /// Creates a keeper without a slice.
  package init(log: Logger) { self.log = log }

  /// Ensures that the slice exists with a task's limits. If nothing has changed, this only reads
  /// its files.
  ///
  /// - Parameters:
  ///   - claim: the slice.
  ///   - task: the task.
  ///   - limits: the task's limits; nil if they are unknown.
  /// - Throws: `SetupFailure` if a limit isn't in force.
  func ensure(_ claim: Claim, for task: String, _ limits: TaskLimits?) async throws {
    self.claim = claim
    let isNew = tasks.updateValue(limits, forKey: task) != .some(limits)
    if isNew { hasReachedLimit = false }
    if !isNew, inForce != nil, inForce == files(claim)?.inForce { return }
    try await oneByOne { try await $0.apply() }
  }

  /// Called before a task's pod stops. Its limits no longer count, but stay in force until
  /// `lower()`.
  func drop(_ task: String) { tasks[task] = nil }

  /// Called after a task's pod is gone. Reduces the limits to those of the remaining tasks;
  /// earlier, a lower limit could have killed their processes. A slice that is already gone isn't
  /// created again.
  func lower() async {
    guard !tasks.isEmpty, let claim, files(claim)?.inForce != nil else { return }
    do {
      try await oneByOne { try await $0.apply() }
    } catch {
      log.warning("\(error)")
    }
  }

  /// Registers a callback for the slice's memory limit.
  func onMemoryLimit(of task: String, _ call: (@Sendable () -> Void)?) { hearers[task] = call }

  /// The slice's files; nil if there is no slice yet.
  var files: SliceFiles? { claim.flatMap(files) }

  private func files(_ claim: Claim) -> SliceFiles? {
    guard let mounts = try? CgroupMounts.current() else { return nil }
    return SliceFiles(slice: claim.slice, version: claim.version, mounts: mounts)
  }

  private func oneByOne(
    _ work: @escaping @Sendable (isolated SliceKeeper) async throws -> Void
  ) async throws {
    let before = last
    let task = Task {
      await before?.value
      try await work(self)
    }
    last = Task { _ = await task.result }
    try await task.value
  }

  private func apply() async throws {
    guard let claim, let files = files(claim) else {
      throw SetupFailure(description: "the cgroups can't be read: /proc/self/mountinfo")
    }
    let slice = claim.slice.unit
    let own = ExecutorCgroup(
      run: claim.slice.run, version: claim.version, mounts: files.mounts,
      membership: try CgroupMembership.current())
    let limits = SliceLimits(tasks: Array(tasks.values), own: own)
    do {
      let known: Int
      if let release { known = release } else { known = try await systemd.release() }
      release = known
      let properties = limits.properties(version: claim.version, release: known)
      do {
        try await systemd.start(
          slice, [.text("Description", PodOwner(claim.incarnation).description)] + properties,
          in: claim.slice.above)
      } catch  where error.isExisting {
        try await systemd.set(properties, of: slice)
      }
    } catch {
      throw SetupFailure(
        description: "systemd doesn't create the pod's slice \(slice): \(error)\(Self.help(error))")
    }
    try await waitUntil(limits, areInForceIn: files)
    try files.writeOthers(limits)
    inForce = files.inForce
    self.limits = limits
    let group = inForce?.first
    if watch.map({ String($0.group) != group }) ?? true {
      watch = MemoryWatch(files) { [weak self] in
        Task { await self?.memoryLimitReached() }
      }
    }
  }

  /// systemd applies a unit's properties when it runs the job, some milliseconds after its reply.
  private func waitUntil(_ limits: SliceLimits, areInForceIn files: SliceFiles) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let missing =
        files.inForce == nil
        ? "the slice has no cgroup"
        : files.missing(limits).map {
          "systemd hasn't applied the \($0)"
        }
      guard let missing else { return }
      guard .now < deadline else {
        throw SetupFailure(
          description: "slice \(files.slice.unit) doesn't have the task's limits: \(missing)")
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Waits for a systemd that re-executes itself.
  ///
  /// - Returns: whether it responds.
  func isSystemdThere() async -> Bool { (try? await systemd.release()) != nil }

  private func memoryLimitReached() {
    hasReachedLimit = true
    for call in hearers.values { call() }
  }

  private static func help(_ error: SystemdError) -> String {
    error.isDenied
      ? " (run the executor as root, or let polkit permit its user org.freedesktop.systemd1.manage-units)"
      : ""
  }
}
