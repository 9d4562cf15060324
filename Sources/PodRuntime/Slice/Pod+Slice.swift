import PodIdentity

extension Pod {
  /// Ensures that the pod's slice exists with the task's limits before a container starts in it.
  ///
  /// - Throws: `SetupFailure` if a limit isn't in force.
  func ensureSlice() async throws {
    guard let claim = plan?.slice else { return }
    try await slices.ensure(claim, for: request.taskID, request.limits)
    await slices.onMemoryLimit(of: request.taskID) { [weak self] in
      Task { await self?.memoryLimitReached() }
    }
  }

  /// The pod as a whole has reached its limit. This fails the task, as it does when the agent
  /// detects it.
  private func memoryLimitReached() async {
    guard !isEnding, let limit = await taskMemoryLimit() else { return }
    let files = await slices.files
    var victim: String?
    // The kernel may count the killed process a moment later. If it was the container's first
    // process, the container exits, and the scope with the count is gone.
    for attempt in 0..<50 where victim == nil {
      if attempt > 0 { try? await Task.sleep(for: .milliseconds(10)) }
      let members = members.values.sorted { $0.index < $1.index }
      let killed =
        members.first { $0.container.flatMap { files?.memoryKills(of: $0) } ?? 0 > 0 }
        ?? members.first { member in
          // With version 1 the engine reports an event for every container below the group at its
          // limit.
          guard let exit = member.run.exit else { return false }
          return member.run.outOfMemoryAt != nil || exit.code == 137
        }
      victim = killed?.plan.title
    }
    fail("\(victim ?? "a process of the pod") was killed for memory\(limit)", reason: .memoryLimit)
  }

  /// The text that the pod has reached its task's memory limit; nil if it hasn't, or isn't in a
  /// slice.
  func taskMemoryLimit() async -> String? {
    guard plan?.slice != nil else { return nil }
    let isReached = await slices.hasReachedLimit
    guard isReached, let limit = await slices.limits?.memory else { return nil }
    return ": the pod has reached its task's limit of \(limit) bytes"
  }
}
