import FoundationEssentials
import HTTPClient
import Logging

extension MesosSession {
  /// Sends what there is to send whenever there is a subscription: one call at a time, in order, over the one connection
  /// that the client keeps beside the stream's. On parallel connections updates could overtake each other.
  func deliver() async -> SessionEnd? {
    while true {
      do {
        try await wait {
          $0.isSubscribed && ($0.outbox.next != nil || !$0.messages.isEmpty)
        }
      } catch {
        return nil
      }
      let wasRetried: Bool
      if let status = outbox.next?.status {
        let answer = await answer(to: .update(status))
        if case .fatal(let end) = answer { return end }
        wasRetried = settle(status, answer)
      } else {
        let answer = await answer(to: .message(messages[0]))
        if case .fatal(let end) = answer { return end }
        wasRetried = settleMessage(answer)
      }
      if wasRetried, isSubscribed {
        do { try await timing.sleep(backoff) } catch { return nil }
      }
    }
  }

  /// Does what an answer to an UPDATE asks for; true if the call has to be sent again after a while.
  private func settle(_ status: TaskStatus, _ answer: AgentAnswer) -> Bool {
    switch answer {
    case .accepted:
      outbox.markDelivered(status.uuid)
      return false
    case .malformed(let reason):
      log.error(
        "the agent refuses an update; it is sent again with less in it",
        metadata: [
          "task": "\(status.taskID)", "state": "\(status.state.rawValue)", "reason": "\(reason)",
        ])
      outbox.reduce(status.uuid)
      return true
    default:
      return settleOthers(answer)
    }
  }

  private func settleMessage(_ answer: AgentAnswer) -> Bool {
    switch answer {
    case .accepted:
      messages.removeFirst()
      return false
    case .malformed(let reason):
      log.error("the agent refuses a message; it is dropped", metadata: ["reason": "\(reason)"])
      messages.removeFirst()
      return false
    default:
      return settleOthers(answer)
    }
  }

  private func settleOthers(_ answer: AgentAnswer) -> Bool {
    switch answer {
    case .notSubscribed(let reason):
      breakStream(reason)
    case .unknown(let reason):
      // The answer to the next SUBSCRIBE decides.
      timesUnknown += 1
      breakStream(reason)
    case .unavailable(let reason):
      if isSubscribed {
        log.info("a call is sent again", metadata: ["reason": "\(reason)"])
      }
    case .accepted, .malformed, .fatal: break
    }
    return true
  }

  /// Sends a call. An answer that says that we are not subscribed, or not known, counts for the subscription in which the
  /// call was sent, and not for a later one.
  private func answer(to content: Call.Content) async -> AgentAnswer {
    let number = subscriptionCount
    let answer = await post(content)
    guard number != subscriptionCount else { return answer }
    switch answer {
    case .notSubscribed(let reason), .unknown(let reason): return .unavailable(reason)
    default: return answer
    }
  }

  /// Sends a call and gives its answer; ends early when the stream of events does.
  private func post(_ content: Call.Content) async -> AgentAnswer {
    let request: HTTPRequest
    do { request = try self.request(content) } catch { return AgentAnswer(error) }
    let client = client
    let call = Task {
      do {
        let response = try await client.send(request)
        return AgentAnswer(status: response.head.status, body: response.body)
      } catch {
        return AgentAnswer(error)
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
