import HTTPClient
import Logging

extension MesosSession {
  /// Sends updates while the session is subscribed: one call at a time, in order, over the only
  /// connection of the client beside the event stream's. On parallel connections updates could
  /// overtake each other.
  func deliver() async -> SessionEnd? {
    while true {
      do {
        try await wait { $0.isSubscribed && $0.outbox.hasUndelivered }
        for update in outbox.removeRefused(limit: limits.updateAttempts) {
          report(
            .error,
            "the agent refuses an update, which is not sent again: task \(update.taskID) \(update.state.rawValue)"
          )
        }
        let end: SessionEnd? =
          switch outbox.next(at: timing.now()) {
          case .send(let status): await deliver(status)
          case .wait(let moment): try await waitForChange(until: moment)
          case nil: nil
          }
        if let end { return end }
      } catch {
        return nil
      }
    }
  }

  /// Waits for a change, or until a time.
  private func waitForChange(until moment: Duration) async throws -> SessionEnd? {
    let timing = timing
    let generation = generation
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await timing.sleep(moment - timing.now()) }
      group.addTask { try await self.waitForChange(after: generation) }
      try await group.next()
      group.cancelAll()
    }
    return nil
  }

  /// Sends an update once.
  ///
  /// - Returns: the session's end, if the agent has refused the executor for too long.
  private func deliver(_ status: TaskStatus) async -> SessionEnd? {
    let response = await response(to: .update(status))
    let task = "task \(status.taskID) \(status.state.rawValue)"
    switch response {
    case .accepted:
      refusedSince = nil
      outbox.markDelivered(status.uuid)
      return nil
    case .malformed(let reason):
      if outbox.dropNewerReasons(status.uuid) {
        acceptsNewerReasons = false
        report(.info, "the agent doesn't support the update's reason, which is omitted: \(reason)")
      } else {
        report(
          .error, "the agent refuses \(task); it is sent again with fewer fields: \(reason)")
        outbox.reduce(status.uuid)
      }
      outbox.markRefused(status.uuid, at: timing.now(), pause: pause())
      return nil
    case .refused(let end):
      report(.error, "the agent refuses \(task): \(end)")
      if let end = bear(end) { return end }
    case .unready(let reason):
      report(.warning, "the agent does not accept \(task), it is sent again: \(reason)")
    case .notSubscribed, .unknown, .unavailable: handleOthers(response)
    }
    outbox.markFailed(at: timing.now(), pause: pause())
    return nil
  }

  /// The wait after a number of attempts. The first failure may be temporary, so the wait grows
  /// only after further failures.
  private func pause() -> (Int) -> Duration {
    let (least, most) = (backoff, limits.updateBackoff)
    return { attempts in
      let factor = attempts > 1 ? 1 << min(attempts, 20) : 0
      return max(least, min(most, .milliseconds(100) * factor))
    }
  }

  private func handleOthers(_ response: CallResponse) {
    switch response {
    case .notSubscribed(let reason):
      breakStream(reason)
    case .unknown(let reason):
      // The response to the next SUBSCRIBE decides.
      timesUnknown += 1
      breakStream(reason)
    case .unavailable(let reason):
      if isSubscribed { report(.info, "a call is sent again: \(reason)") }
    case .accepted, .malformed, .refused, .unready: break
    }
  }

  /// Sends a call. A response that the executor is not subscribed, or not known, applies to the
  /// subscription in which the call was sent, and not to a later one.
  private func response(to content: Call.Content) async -> CallResponse {
    let number = subscriptionCount
    let response = await post(content)
    guard number != subscriptionCount else { return response }
    switch response {
    case .notSubscribed(let reason), .unknown(let reason): return .unavailable(reason)
    default: return response
    }
  }

  /// Sends a call and returns its response. The call is canceled together with the event stream.
  private func post(_ content: Call.Content) async -> CallResponse {
    let request: HTTPRequest
    do { request = try self.request(content) } catch { return CallResponse(error) }
    let client = client
    let call = Task {
      do {
        let response = try await client.send(request)
        return CallResponse(status: response.head.status, body: response.body)
      } catch {
        return CallResponse(error)
      }
    }
    callInFlight = call
    defer { callInFlight = nil }
    return await withTaskCancellationHandler {
      await call.value
    } onCancel: {
      call.cancel()
    }
  }
}
