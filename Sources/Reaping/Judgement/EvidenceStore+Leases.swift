import PodIdentity

extension Reaper {
  /// Takes a lease's news in.
  ///
  /// - Returns: whether it calls for a look at the run's pods.
  func take(_ event: LeaseEvent) -> Bool {
    switch event {
    case .held(let holder):
      leases[holder, default: 0] += 1
      note(holder, .leaseHeld)
      return false
    case .released(let holder):
      letGo(of: holder)
      note(holder, .leaseReleased)
      return false
    case .dropped(let holder, let processEnded):
      letGo(of: holder)
      if leases[holder] == nil { note(holder, .leaseDropped) }
      if processEnded { return takeEnd(of: holder) }
      // Who lives on is looked at if it has a pod: nobody else's connection is worth the engine's time.
      return records.keys.contains { holder.keeps($0) }
    case .ended(let holder):
      return takeEnd(of: holder)
    }
  }

  /// An executor that lost its connection may have another by the time that is told.
  private func letGo(of holder: LeaseHolder) {
    leases[holder] = leases[holder].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  private func takeEnd(of holder: LeaseHolder) -> Bool {
    note(holder, .processGone(.noProcess))
    note(holder, .processEndSeen)
    noteEnd(of: holder)
    return true
  }

  /// Ends are remembered for objects that appear later; so many come in no ten minutes.
  private func noteEnd(of holder: LeaseHolder) {
    if ended.count >= 16_384, let oldest = ended.min(by: { $0.value < $1.value }) {
      ended[oldest.key] = nil
    }
    ended[holder] = .now
  }

  private func note(_ holder: LeaseHolder, _ finding: Finding) {
    for identity in records.keys where holder.keeps(identity) {
      records[identity]?.add(finding, at: .now)
    }
  }

  /// What leases say of a pod that a look has found.
  func gatherLeases(_ identity: PodIdentity) {
    // A connection outlives its holder where a child of it has inherited it and the kernel has no pidfd to tell.
    if leases.keys.contains(where: { $0.keeps(identity) && !$0.isGone }) {
      records[identity]?.add(.leaseHeld, at: .now)
      return
    }
    // The peer of a lease was seen to end, perhaps before its pod had any object; the kernel told its pid even where
    // the label couldn't.
    if records[identity]?.newest(.pidfd) == nil,
      ended.keys.contains(where: { $0.keeps(identity) })
    {
      records[identity]?.add(.leaseDropped, at: .now)
      records[identity]?.add(.processGone(.noProcess), at: .now)
      records[identity]?.add(.processEndSeen, at: .now)
    }
  }
}
