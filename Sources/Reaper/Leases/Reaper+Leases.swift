import PodIdentity

extension Reaper {
  /// Takes a lease's news in.
  ///
  /// - Returns: whether it calls for a look at the run's pods.
  func take(_ event: LeaseEvent) -> Bool {
    switch event {
    case .held(let holder):
      leases.insert(holder)
      note(holder, .leaseHeld)
      return false
    case .released(let holder):
      leases.remove(holder)
      return false
    case .dropped(let holder, let processEnded):
      leases.remove(holder)
      note(holder, .leaseDropped)
      if processEnded {
        note(holder, .processGone(.noProcess))
        note(holder, .processEndSeen)
        noteEnd(of: holder)
      }
      return true
    }
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
    if leases.contains(where: { $0.keeps(identity) }) {
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
