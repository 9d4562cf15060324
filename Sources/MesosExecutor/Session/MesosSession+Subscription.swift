import HTTPClient
import JSON
import Logging

extension MesosSession {
  /// How one try to be subscribed ended.
  private enum Attempt: Sendable {
    /// The agent did not accept it. `isAnswered`: it has responded.
    case failed(String, isAnswered: Bool)
    /// There was a subscription, and it is gone with its stream.
    case lost(String)
    /// We gave up the stream; the agent is there.
    case broken(String)
    case over(SessionEnd)
    case cancelled
  }

  /// Subscribes again and again, until that has no more sense.
  func staySubscribed() async -> SessionEnd? {
    // The recovery timeout is the time from a disconnection: before the first subscription there was none.
    let first = environment.isCheckpointing ? environment.recoveryTimeout : .zero
    var limit = max(first, limits.registration)
    var awaySince = timing.now()
    while true {
      let attempt = await attempt(within: limit, from: awaySince)
      leaveStream()
      let reason: String
      var isAgentThere = false
      switch attempt {
      case .over(let end): return end
      case .cancelled: return nil
      case .failed(let text, let isAnswered):
        reason = text
        isAgentThere = isAnswered
      case .lost(let text):
        reason = text
        awaySince = timing.now()
        limit = environment.recoveryTimeout
      case .broken(let text):
        reason = text
        isAgentThere = true
        // One that was never accepted is no disconnection.
        if isAccepted {
          awaySince = timing.now()
          limit = max(environment.recoveryTimeout, limits.registration)
        }
      }
      guard environment.isCheckpointing || isAgentThere else { return .agentLost(reason) }
      report(.warning, "not subscribed, trying again: \(reason)")
      let left = awaySince + limit - timing.now()
      guard left > .zero else { return .recoveryTimedOut(after: limit, reason) }
      // A refusal is asked about again at once: the agent may not wait for long.
      let pause = timesRefused > 0 ? limits.leastBackoff : backoff
      do { try await timing.sleep(min(pause, left)) } catch { return nil }
      if timing.now() >= awaySince + limit { return .recoveryTimedOut(after: limit, reason) }
    }
  }

  /// One subscription from its beginning to its end. The deadline holds until the agent has accepted it.
  private func attempt(within limit: Duration, from begin: Duration) async -> Attempt {
    let timing = timing
    isAccepted = false
    (lastHeartbeat, heartbeatInterval) = (nil, nil)
    unreadableEvents = 0
    return await withTaskGroup(of: Attempt?.self) { group in
      group.addTask { await self.subscribeAndRead() }
      group.addTask {
        try? await timing.sleep(begin + limit - timing.now())
        return await self.isAccepted || Task.isCancelled
          ? nil : .over(.recoveryTimedOut(after: limit, "no response to SUBSCRIBE"))
      }
      group.addTask {
        await self.watchHeartbeats()
        return nil
      }
      defer { group.cancelAll() }
      while let end = await group.next() {
        if let end { return end }
      }
      return .cancelled
    }
  }

  /// Breaks a stream that has carried heartbeats and is silent for long: its other end may be gone without a word.
  private func watchHeartbeats() async {
    do {
      try await wait { $0.heartbeatInterval != nil }
      while let interval = heartbeatInterval {
        let silence = max(limits.silence, interval * 3)
        let left = lastRecord + silence - timing.now()
        guard left > .zero else {
          return breakStream("no event and no heartbeat for \(silence)")
        }
        try await timing.sleep(left)
      }
    } catch {
      // The stream has ended.
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
      timesRefused = 0
      stream = response.body
      streamBreak = nil
      return try await read(response.body, carried: updates.map(\.uuid))
    } catch is CancellationError {
      return streamBreak.map(Attempt.broken) ?? .cancelled
    } catch {
      timesUnknown = stream == nil ? 0 : timesUnknown
      return isSubscribed ? .lost("\(error)") : .failed("\(error)", isAnswered: false)
    }
  }

  private func failure(_ answer: AgentAnswer) -> Attempt {
    if case .unknown(let reason) = answer {
      // Agents of 1.0 and 1.1 say this too while they read their old state: believed when said twice in a row.
      timesUnknown += 1
      return timesUnknown > 1 || !environment.isCheckpointing
        ? .over(.unknownToAgent(reason)) : .failed(reason, isAnswered: true)
    }
    timesUnknown = 0
    switch answer {
    case .malformed(let reason):
      report(.error, "the agent can't read SUBSCRIBE: \(reason)")
      return outbox.reduceAll() ? .broken(reason) : .failed(reason, isAnswered: true)
    case .refused(let end):
      // Believed when said twice in a row, or where no pod depends on it.
      timesRefused += 1
      return timesRefused > 1 || subscription == nil
        ? .over(end) : .failed("\(end)", isAnswered: true)
    case .accepted: return .failed("202 is no response to SUBSCRIBE", isAnswered: true)
    case .notSubscribed(let reason), .unready(let reason):
      return .failed(reason, isAnswered: true)
    case .unknown(let reason), .unavailable(let reason):
      return .failed(reason, isAnswered: false)
    }
  }

  /// Bears a refusal of a call for some time: pods depend on it, and the stream of events says that the agent knows us.
  ///
  /// - Returns: the session's end once it has been refused for too long.
  func bear(_ refusal: SessionEnd) -> SessionEnd? {
    let since = refusedSince ?? timing.now()
    refusedSince = since
    return timing.now() - since >= limits.refusal ? refusal : nil
  }

  private func read(_ body: HTTPBody, carried: [Base64Bytes]) async throws -> Attempt {
    var decoder = RecordIODecoder()
    for try await piece in body {
      for record in try decoder.decode(piece) {
        handle(record, carried: carried)
        if let streamBreak { return .broken(streamBreak) }
      }
    }
    let what = decoder.isBetweenRecords ? "" : " in the middle of an event"
    let reason = "the agent closed the stream of events\(what)"
    return isSubscribed ? .lost(reason) : .failed(reason, isAnswered: false)
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

  private func handle(_ record: [UInt8], carried: [Base64Bytes]) {
    let event: AgentEvent
    do {
      event = try AgentEvent(json: record)
    } catch {
      ignore(record, error)
      return
    }
    lastRecord = timing.now()
    switch event {
    case .subscribed(let said):
      // The agent has taken all that came with SUBSCRIBE before it sends this.
      for uuid in carried { outbox.markDelivered(uuid) }
      subscribed(said)
    case .launch(let task): launch(task)
    case .launchGroup(let tasks): launch(group: tasks)
    case .kill(let task, let policy): emit(.kill(task, grace: policy?.gracePeriod))
    case .acknowledged(let task, let uuid):
      if let update = outbox.acknowledge(task, uuid: uuid) {
        if update.state.isTerminal { emit(.settled(task)) }
        changed()
      } else {
        log.debug("an acknowledgement of no update of ours: task \(task)")
      }
    case .message(let data): emit(.message(data.bytes))
    case .shutdown:
      if !isShuttingDown { emit(.shutdown) }
      isShuttingDown = true
    case .error(let message):
      // "It is recommended that the executor abort when it receives an error event and retry subscription."
      breakStream("the agent reports an error: \(message)")
    case .heartbeat:
      if let lastHeartbeat {
        heartbeatInterval = max(heartbeatInterval ?? .zero, lastRecord - lastHeartbeat)
        changed()
      }
      lastHeartbeat = lastRecord
    case .unknown(let type):
      report(
        .warning, "an event of an unknown type is ignored: \(String(reflecting: type.prefix(100)))")
    }
  }

  private func ignore(_ record: [UInt8], _ error: any Error) {
    unreadableEvents += 1
    if let error = error as? UnusableSubscription { return breakStream("\(error)") }
    let text = String(reflecting: String(decoding: record.prefix(200), as: UTF8.self))
    report(.error, "an event can't be understood and is ignored: \(error): \(text)")
    if unreadableEvents > limits.unreadableEvents {
      breakStream("\(unreadableEvents) events of one stream can't be understood")
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
    report(.notice, "a LAUNCH of a known task is ignored: task \(launched.id)")
    return false
  }

  private func refuse(_ id: TaskID, _ message: String) {
    emit(.refused(id))
    send(TaskUpdate(taskID: id, state: .error, message: message, reason: .taskInvalid))
  }
}
