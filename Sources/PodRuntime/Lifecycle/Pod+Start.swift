import Concurrency
import DockerEngine

extension Pod {
  /// Starts a created or exited container after attaching to its output. Creates it again if it has
  /// vanished.
  ///
  /// - Throws: an error for people; `CancellationError`.
  func start(_ name: String) async throws {
    var attempt = 1
    while true {
      try checkLaunch()
      try await ensureCreated(name)
      guard let member = members[name] else { return }
      guard let id = member.container else {
        attempt += 1
        if attempt <= Self.mostAttempts { continue }
        throw LaunchFailure(
          description:
            "the container of \(member.plan.title) was removed by someone else repeatedly")
      }
      await waitForOwners(of: member)
      if members[name]?.container != id { continue }
      let owners = startsOfOwners(of: name)
      do {
        guard try await startOnce(name, id) else { continue }
        return recordStart(name, id)
      } catch let error as EngineError {
        recordUnanswered(error)
        // The engine refused: the container isn't running, and the end of the pod doesn't have to
        // wait for its stop.
        if case .status = error.kind, members[name]?.isStarting == true {
          advance(name, members[name]?.container == nil ? .discarded : .startRefused)
        }
        // Retries because of an owner that crashes repeatedly aren't counted: they wait for its
        // restarts.
        if error.isFailedJoin, try await hasOwnerReturned(of: name, since: owners, after: error) {
          continue
        }
        guard attempt < Self.mostAttempts else {
          throw await explanation(of: error, for: member.plan, doing: "started")
        }
        attempt += 1
        if try await recovers(from: error) {
          if members[name]?.isStarting == true, try await hasStarted(name, id) { return }
        } else if try await mayRetry(error, of: name, id) {
          continue
        } else if !(try await hasOwnerReturned(of: name, since: owners, after: error)) {
          throw await explanation(of: error, for: member.plan, doing: "started")
        }
      }
    }
  }

  /// Whether a start was refused because the owner of a namespace had just exited. That exit is the
  /// cause, and its consequence is decided first.
  ///
  /// - Parameters:
  ///   - name: the container that was to start.
  ///   - before: the number of starts of each owner before the request.
  ///   - error: why the start was refused.
  /// - Returns: true if an owner had exited and is running again.
  /// - Throws: `CancellationError` if its exit has failed the pod.
  func hasOwnerReturned(
    of name: String, since before: [String: Int], after error: EngineError
  ) async throws -> Bool {
    // If no line of the file is the cause, an owner may just have exited without the engine knowing
    // it yet.
    var isUnexplained = false
    if case .status = error.kind { isUnexplained = members[name]?.plan.fault(in: error) == nil }
    var result = false
    for (owner, number) in before {
      guard let member = members[owner], let id = member.container else { continue }
      if member.run.number == number, member.state == .running {
        guard let state = try? await engine.inspectContainer(id).state else { continue }
        if !state.running {
          examineEnd(of: owner)
        } else if isUnexplained {
          try await wait(within: .seconds(1)) {
            isEnding || members[owner]?.run.number != number || members[owner]?.state != .running
          }
        }
        if members[owner]?.run.number == number, members[owner]?.state == .running { continue }
      }
      try await launchWait {
        guard let owner = self.members[owner] else { return true }
        return owner.hasEnded || owner.state == .running
      }
      result = result || members[owner]?.state == .running
    }
    return result
  }

  /// The number of starts of each container whose namespaces a container joins.
  func startsOfOwners(of name: String) -> [String: Int] {
    let owners = members[name]?.plan.references.filter(\.sharesNamespace).map(\.key) ?? []
    return Dictionary(owners.map { ($0, members[$0]?.run.number ?? 0) }) { first, _ in first }
  }

  /// - Returns: false if the container was removed meanwhile, or the owner of its namespace isn't
  ///   running.
  private func startOnce(_ name: String, _ id: String) async throws -> Bool {
    let engine = engine
    try await ensureSlice()
    try await members[name]?.output?.attach()
    update(name) { $0.isListenedTo = true }
    try checkLaunch()
    guard members[name]?.container == id, !hasOwnerAway(name) else { return false }
    advance(name, .startRequested)
    update(name) { member in
      member.run = PodContainer.Run(number: member.run.number + 1)
      member.isListenedTo = false
      if member.health != .none { member.health = .starting }
    }
    try await withoutCancellation { try await engine.startContainer(id) }
    return true
  }

  private func recordStart(_ name: String, _ id: String) {
    let engine = engine
    update(name) { member in
      member.run.startedAt = .now
      // Requested now, the details are available when the last container is running.
      if member.plan.hasAddresses {
        member.run.details = Task { try? await engine.inspectContainer(id) }
      }
    }
    guard members[name]?.isStarting == true else { return }
    advance(name, .started)
    if members[name]?.isExiting == true {
      inspectExit(of: name)
    } else if members[name]?.container == nil {
      handleRemoval(of: name)
    }
  }

  /// Determines the result of a start whose response was lost.
  ///
  /// - Returns: true if it was carried out.
  private func hasStarted(_ name: String, _ id: String) async throws -> Bool {
    do {
      let state = try await persistently { try await $0.engine.inspectContainer(id) }.state
      // A container that had exited before may not have been started since, and is started again.
      let hasRun = members[name]?.run.number == 1 && ["exited", "dead"].contains(state.status)
      guard state.running || hasRun else {
        advance(name, .startRefused)
        return false
      }
      recordStart(name, id)
      if !state.running {
        if members[name]?.run.exit?.isNatural != true {
          update(name) { $0.run.influence = .takedown }
        }
        examineEnd(of: name)
      }
      return true
    } catch let error as EngineError where error.isNotFound {
      update(name) { $0.container = nil }
      advance(name, .discarded)
      return false
    }
  }
}

extension EngineError {
  /// Whether a start was refused because the owner of a namespace isn't running.
  var isFailedJoin: Bool {
    ["non running container", "is not running", "namespace", "/ns/", "no such process"].contains {
      message.contains($0)
    }
  }
}
