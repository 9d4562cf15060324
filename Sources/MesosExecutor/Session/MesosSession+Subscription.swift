import FoundationEssentials
import HTTPClient
import Logging

extension MesosSession {
  /// How one try to be subscribed ended.
  private enum Attempt: Sendable {
    /// The agent did not accept it.
    case failed(String)
    /// There was a subscription, and it is gone with its stream.
    case lost(String)
    /// We gave up the stream; the agent is there.
    case broken(String)
    case over(SessionEnd)
    case cancelled
  }

  /// Subscribes again and again, until that has no more sense.
  func staySubscribed() async -> SessionEnd? {
    var awaySince = timing.now()
    while true {
      let attempt = await attempt(until: awaySince + environment.recoveryTimeout)
      leaveStream()
      let reason: String
      var isAgentThere = false
      switch attempt {
      case .over(let end): return end
      case .cancelled: return nil
      case .failed(let text): reason = text
      case .lost(let text), .broken(let text):
        reason = text
        awaySince = timing.now()
        if case .broken = attempt { isAgentThere = true }
      }
      guard environment.isCheckpointing || isAgentThere else { return .agentLost(reason) }
      log.info("not subscribed, trying again", metadata: ["reason": "\(reason)"])
      let left = awaySince + environment.recoveryTimeout - timing.now()
      guard left > .zero else { return recoveryTimedOut(reason) }
      do { try await timing.sleep(min(backoff, left)) } catch { return nil }
      if timing.now() >= awaySince + environment.recoveryTimeout { return recoveryTimedOut(reason) }
    }
  }

  private func recoveryTimedOut(_ reason: String) -> SessionEnd {
    .recoveryTimedOut(after: environment.recoveryTimeout, reason)
  }

  /// One subscription from its beginning to its end. The deadline holds until the agent has accepted it.
  private func attempt(until deadline: Duration) async -> Attempt {
    let timing = timing
    isAccepted = false
    return await withTaskGroup(of: Attempt?.self) { group in
      group.addTask { await self.subscribeAndRead() }
      group.addTask {
        try? await timing.sleep(deadline - timing.now())
        return await self.isAccepted || Task.isCancelled
          ? nil : .over(await self.recoveryTimedOut("no answer to SUBSCRIBE"))
      }
      defer { group.cancelAll() }
      while let end = await group.next() {
        if let end { return end }
      }
      return .cancelled
    }
  }

  private func subscribeAndRead() async -> Attempt {
    let updates = outbox.unacknowledgedUpdates
    do {
      var request = try request(
        .subscribe(tasks: outbox.unacknowledgedTasks, updates: updates))
      request.timeout = deadlines.subscribe
      let response = try await client.stream(request)
      guard response.head.status == 200 else {
        let body = (try? await response.body.collect(upTo: 4096)) ?? []
        return failure(AgentAnswer(status: response.head.status, body: body))
      }
      timesUnknown = 0
      stream = response.body
      streamBreak = nil
      return try await read(response.body, carried: updates.map(\.uuid))
    } catch is CancellationError {
      return streamBreak.map(Attempt.broken) ?? .cancelled
    } catch {
      timesUnknown = stream == nil ? 0 : timesUnknown
      return isSubscribed ? .lost("\(error)") : .failed("\(error)")
    }
  }

  private func failure(_ answer: AgentAnswer) -> Attempt {
    switch answer {
    case .unknown(let reason):
      // Agents of 1.0 and 1.1 say this too while they read their old state: believed when said twice in a row.
      timesUnknown += 1
      return timesUnknown > 1 || !environment.isCheckpointing
        ? .over(.unknownToAgent(reason)) : .failed(reason)
    case .malformed(let reason):
      timesUnknown = 0
      log.error("the agent can't read SUBSCRIBE", metadata: ["reason": "\(reason)"])
      return outbox.reduceAll() ? .broken(reason) : .failed(reason)
    case .fatal(let end): return .over(end)
    case .accepted: return .failed("202 is no answer to SUBSCRIBE")
    case .notSubscribed(let reason), .unavailable(let reason):
      timesUnknown = 0
      return .failed(reason)
    }
  }

  private func read(_ body: HTTPBody, carried: [Data]) async throws -> Attempt {
    var decoder = RecordIODecoder()
    for try await piece in body {
      for record in try decoder.decode(piece) {
        handle(record, carried: carried)
        if let streamBreak { return .broken(streamBreak) }
      }
    }
    let what = decoder.isBetweenRecords ? "" : " in the middle of an event"
    let reason = "the agent closed the stream of events\(what)"
    return isSubscribed ? .lost(reason) : .failed(reason)
  }

  /// Nothing more is taken from the stream, and nothing is sent until there is another.
  private func leaveStream() {
    isSubscribed = false
    stream?.cancel()
    stream = nil
    callInFlight?.cancel()
  }

  /// Gives up the stream, to subscribe anew.
  func breakStream(_ reason: String) {
    guard let stream, streamBreak == nil else { return }
    isSubscribed = false
    streamBreak = reason
    stream.cancel()
  }

  // MARK: - Events

  private func handle(_ record: [UInt8], carried: [Data]) {
    let event: AgentEvent
    do {
      event = try AgentEvent(json: record)
    } catch {
      log.error(
        "an event can't be understood and is ignored",
        metadata: [
          "error": "\(error)", "event": "\(String(decoding: record.prefix(200), as: UTF8.self))",
        ])
      return
    }
    switch event {
    case .subscribed(let said):
      // The agent has taken all that came with SUBSCRIBE before it sends this.
      for uuid in carried { outbox.markDelivered(uuid) }
      subscribed(said)
    case .launch(let task): launch(task)
    case .launchGroup(let tasks): launch(group: tasks)
    case .kill(let task, let policy): emit(.kill(task, grace: policy?.gracePeriod))
    case .acknowledged(let task, let uuid):
      if outbox.acknowledge(task, uuid: uuid) {
        changed()
      } else {
        log.debug("an acknowledgement of no update of ours", metadata: ["task": "\(task)"])
      }
    case .message(let data): emit(.message(data))
    case .shutdown:
      if !isShuttingDown { emit(.shutdown) }
      isShuttingDown = true
    case .error(let message):
      // "It is recommended that the executor abort when it receives an error event and retry subscription."
      log.error("the agent reports an error", metadata: ["message": "\(message)"])
      breakStream("the agent reports an error: \(message)")
    case .heartbeat: break
    case .unknown(let type):
      log.warning("an event of an unknown type is ignored", metadata: ["type": "\(type)"])
    }
  }

  private func launch(_ launched: AgentEvent.LaunchedTask) {
    guard isNew(launched) else { return }
    switch launched {
    case .task(let task): emit(.launch(task))
    case .malformed(let id, let reason): refuse(id, "the task can't be read: \(reason)")
    }
  }

  /// All of a group's tasks, or none.
  private func launch(group: [AgentEvent.LaunchedTask]) {
    let new = group.filter(isNew)
    let malformed = new.first { if case .malformed = $0 { true } else { false } }
    if case .malformed(let id, let reason)? = malformed {
      for task in new { refuse(task.id, "task \(id) of the group can't be read: \(reason)") }
      return
    }
    let tasks = new.compactMap { if case .task(let task) = $0 { task } else { nil } }
    if !tasks.isEmpty { emit(.launchGroup(tasks)) }
  }

  /// Takes note of a task; false if it is known already.
  private func isNew(_ launched: AgentEvent.LaunchedTask) -> Bool {
    let name = if case .task(let task) = launched { task.name } else { "" }
    let stub = UnacknowledgedTask(
      name: name, taskID: launched.id, agentID: environment.agentID)
    if outbox.launch(stub) { return true }
    log.notice("a LAUNCH of a known task is ignored", metadata: ["task": "\(launched.id)"])
    return false
  }

  private func refuse(_ id: TaskID, _ message: String) {
    send(TaskUpdate(taskID: id, state: .error, message: message, reason: .taskInvalid))
  }
}
