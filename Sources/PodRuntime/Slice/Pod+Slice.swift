import PodIdentity

extension Pod {
  /// Sees to it that the pod's slice is there with the task's limits, before something starts in it.
  ///
  /// - Throws: `SetupFailure` where a limit would not hold.
  func ensureSlice() async throws {
    guard let claim = plan?.slice else { return }
    try await slices.ensure(claim, for: request.taskID, request.limits)
    await slices.onMemoryLimit(of: request.taskID) { [weak self] in
      Task { await self?.memoryLimitReached() }
    }
  }

  /// The pod as a whole has reached its limit: that ends the task, as where the agent sees it.
  private func memoryLimitReached() async {
    guard !isEnding, let limit = await taskMemoryLimit() else { return }
    let files = await slices.files
    var victim: String?
    // Whoever was killed is counted by now, or in a moment. Where it was the first process, the container exits, and
    // the scope that counted is gone.
    for attempt in 0..<50 where victim == nil {
      if attempt > 0 { try? await Task.sleep(for: .milliseconds(10)) }
      let members = members.values.sorted { $0.index < $1.index }
      let killed =
        members.first { $0.container.flatMap { files?.memoryKills(of: $0) } ?? 0 > 0 }
        ?? members.first { member in
          // With version 1 the engine reports every container below the group whose limit was reached.
          guard let exit = member.run.exit else { return false }
          return member.run.outOfMemoryAt != nil || exit.code == 137
        }
      victim = killed?.plan.title
    }
    fail("\(victim ?? "a process of the pod") was killed for memory\(limit)", reason: .memoryLimit)
  }

  /// In words, that the pod has reached its task's memory limit; nil where it hasn't, or isn't in a slice.
  func taskMemoryLimit() async -> String? {
    guard plan?.slice != nil else { return nil }
    let isReached = await slices.hasReachedLimit
    guard isReached, let limit = await slices.limits?.memory else { return nil }
    return ": the pod has reached its task's limit of \(limit) bytes"
  }
}
