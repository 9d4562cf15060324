import HTTPClient
import JSON
import Logging

extension MesosSession {
  /// The result of one attempt to subscribe.
  private enum Attempt: Sendable {
    /// The agent did not accept the subscription. `isAnswered`: whether it responded.
    case failed(String, isAnswered: Bool)
    /// The subscription was accepted, and its stream has been lost.
    case lost(String)
    /// The session closed the stream although the agent is reachable.
    case broken(String)
    case over(SessionEnd)
    case cancelled
  }

  /// Subscribes repeatedly until another attempt is pointless.
  func staySubscribed() async -> SessionEnd? {
    // The recovery timeout starts with a disconnection, and there is none before the first
    // subscription.
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
        // A stream that the agent never accepted is not a disconnection.
        if isAccepted {
          awaySince = timing.now()
          limit = max(environment.recoveryTimeout, limits.registration)
        }
      }
      guard environment.isCheckpointing || isAgentThere else { return .agentLost(reason) }
      report(.warning, "not subscribed, trying again: \(reason)")
      let left = awaySince + limit - timing.now()
      guard left > .zero else { return .recoveryTimedOut(after: limit, reason) }
      // After a refusal the next attempt follows immediately, because the agent may not wait for
      // long.
      let pause = timesRefused > 0 ? limits.leastBackoff : backoff
      do { try await timing.sleep(min(pause, left)) } catch { return nil }
      if timing.now() >= awaySince + limit { return .recoveryTimedOut(after: limit, reason) }
    }
  }

  /// Runs one subscription from beginning to end. The deadline applies until the agent has accepted
  /// it.
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

  /// Breaks a stream that has carried heartbeats and has been silent for too long: the agent can be
  /// gone without having closed the connection.
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
        return failure(CallResponse(status: response.head.status, body: body))
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

  private func failure(_ response: CallResponse) -> Attempt {
    if case .unknown(let reason) = response {
      // Agents of 1.0 and 1.1 also respond so while they recover their state. The session stops if
      // the response comes twice in a row.
      timesUnknown += 1
      return timesUnknown > 1 || !environment.isCheckpointing
        ? .over(.unknownToAgent(reason)) : .failed(reason, isAnswered: true)
    }
    timesUnknown = 0
    switch response {
    case .malformed(let reason):
      report(.error, "the agent can't read SUBSCRIBE: \(reason)")
      return outbox.reduceAll() ? .broken(reason) : .failed(reason, isAnswered: true)
    case .refused(let end):
      // The session stops if the refusal comes twice in a row, or if no pod exists yet.
      timesRefused += 1
      return timesRefused > 1 || subscription == nil
        ? .over(end) : .failed("\(end)", isAnswered: true)
    case .accepted: return .failed("202 is not a valid response to SUBSCRIBE", isAnswered: true)
    case .notSubscribed(let reason), .unready(let reason):
      return .failed(reason, isAnswered: true)
    case .unknown(let reason), .unavailable(let reason):
      return .failed(reason, isAnswered: false)
    }
  }

  /// Tolerates the refusal of a call for a time, because pods depend on the session, and the open
  /// event stream shows that the agent knows the executor.
  ///
  /// - Returns: the session's end once the agent has refused calls for too long.
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

  /// Stops reading the stream, and stops sending until there is a new stream.
  private func leaveStream() {
    isSubscribed = false
    stream?.cancel()
    stream = nil
    callInFlight?.cancel()
  }

  /// Closes the stream in order to subscribe again.
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
    case .subscribed(let response):
      // The agent processes everything in SUBSCRIBE before it sends this event.
      for uuid in carried { outbox.markDelivered(uuid) }
      subscribed(response)
    case .launch(let task): launch(task)
    case .launchGroup(let tasks): launch(group: tasks)
    case .kill(let task, let policy): emit(.kill(task, grace: policy?.gracePeriod))
    case .acknowledged(let task, let uuid):
      if let update = outbox.acknowledge(task, uuid: uuid) {
        if update.state.isTerminal { emit(.acknowledged(task)) }
        changed()
      } else {
        log.debug("an acknowledgement of an unknown update is ignored: task \(task)")
      }
    case .message(let data): emit(.message(data.bytes))
    case .shutdown:
      if !isShuttingDown { emit(.shutdown) }
      isShuttingDown = true
    case .error(let message):
      // "It is recommended that the executor abort when it receives an error event and retry
      // subscription."
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
    report(.error, "an event can't be decoded and is ignored: \(error): \(text)")
    if unreadableEvents > limits.unreadableEvents {
      breakStream("\(unreadableEvents) events of one stream can't be decoded")
    }
  }

  private func launch(_ launched: AgentEvent.LaunchedTask) {
    guard isNew(launched) else { return }
    switch launched {
    case .task(let task): emit(.launch(task))
    case .malformed(let id, let reason): refuse(id, "the task can't be read: \(reason)")
    }
  }

  /// Launches all tasks of a group, or none.
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

  /// Records a task; false if it is already known.
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
