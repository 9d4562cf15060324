import Synchronization
import TestSupport

/// The agent's endpoint for executors: the responses and the order of checks.
extension AgentStandIn {
  func response(_ request: ServerRequest) -> HTTPResponseMessage {
    change { state, effects in
      let isSubscribe = request.body.firstRange(of: Array("SUBSCRIBE".utf8)) != nil
      if !isSubscribe {
        state.callsInFlight += 1
        state.mostCallsInFlight = max(state.mostCallsInFlight, state.callsInFlight)
        effects.append { [weak self] in self?.state.withLock { $0.callsInFlight -= 1 } }
      }
      var call = JSON.null
      let response = response(request, &call, &state, &effects)
      state.journal.calls.append(
        CallRecord(
          type: call["type"]?.string ?? "", status: response.status, response: response.body,
          call: call,
          isOverDomainSocket: request.isOverDomainSocket, time: .now))
      return response
    }
  }

  private func response(
    _ request: ServerRequest, _ parsed: inout JSON, _ state: inout AgentState,
    _ effects: inout [@Sendable () -> Void]
  ) -> HTTPResponseMessage {
    // src/slave/slave.cpp, `Slave::initialize`: the socket serves only two paths.
    if request.isOverDomainSocket,
      !["/slave(1)/api/v1/executor", "/slave(1)/api/v1"].contains(request.path)
    {
      return violation(
        HTTPResponseMessage(403), "\(request.path) over the domain socket",
        "src/slave/slave.cpp, Slave::initialize", &state)
    }
    // 3rdparty/libprocess/src/process.cpp, `ProcessManager::handle`: a path without `/slave(1)`
    // also belongs to the agent, since the agent is the delegate. Without routes there is no other
    // response than 404.
    guard ["/slave(1)/api/v1/executor", "/api/v1/executor"].contains(request.path),
      state.phase != .routeless, state.phase != .down
    else { return HTTPResponseMessage(404) }

    var claimed: String?
    if options.authenticatesExecutors {
      switch authenticate(request, state) {
      case .refused(let challenge):
        return violation(
          HTTPResponseMessage(401, headers: ["WWW-Authenticate": challenge]),
          "a call without a valid token",
          "3rdparty/libprocess/src/jwt_authenticator.cpp, authenticate", &state)
      case .run(let run): claimed = run
      }
    }
    // From here on, the order of checks is that of src/slave/http.cpp, `Http::executor`.
    if state.phase == .recovering {
      return HTTPResponseMessage(503, "Agent has not finished recovery")
    }
    guard request.method == "POST" else {
      return refusal(405, "Expecting one of { 'POST' }, but received '\(request.method)'", &state)
    }
    guard let type = request.headers["content-type"] else {
      return refusal(400, "Expecting 'Content-Type' to be present", &state)
    }
    guard type == "application/json" else {
      return refusal(
        415, "Expecting 'Content-Type' of application/json or application/x-protobuf", &state)
    }
    let call: JSON
    do {
      parsed = try JSON(parsing: request.body)
      var parser = CallParser(version: options.version)
      call = try parser.parse(parsed)
      for field in parser.unknownFields {
        state.journal.violate(
          "field \(field), which no message has", rule: "include/mesos/v1/executor/executor.proto")
      }
    } catch let failure as CallParser.Failure {
      return refusal(
        400, "Failed to convert JSON into Call protobuf: \(failure.message)", &state)
    } catch {
      return refusal(400, "Failed to parse body into JSON: syntax error", &state)
    }
    if let error = CallValidation.error(of: call) {
      return refusal(400, "Failed to validate Executor::Call: \(error)", &state)
    }
    if let status = faults.use({ $0.refusal(of: call["type"]?.string ?? "") }) {
      return HTTPResponseMessage(status, "refused as the faults have it")
    }
    switch call["type"]?.string {
    case "SUBSCRIBE":
      let accepted = request.headers["accept"] ?? "*/*"
      guard accepted.contains("application/json") || accepted.contains("*/*") else {
        return refusal(
          406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'", &state)
      }
    case "HEARTBEAT": return HTTPResponseMessage(202)
    default:
      if state.phase == .reconnecting {
        return HTTPResponseMessage(503, "Agent has not finished recovery")
      }
    }
    return carryOut(call, claimed, &state, &effects)
  }

  private func carryOut(
    _ call: JSON, _ claimed: String?, _ state: inout AgentState,
    _ effects: inout [@Sendable () -> Void]
  ) -> HTTPResponseMessage {
    let frameworkIsThere =
      call["framework_id"]?.id == options.frameworkID
      && !(state.frameworkIsTerminating && state.executors.isEmpty)
    guard frameworkIsThere else { return refusal(400, "Framework cannot be found", &state) }
    guard let id = call["executor_id"]?.id, let executor = state.executors[id] else {
      return refusal(400, "Executor cannot be found", &state)
    }
    // src/slave/http.cpp, `verifyExecutorClaims`.
    if let claimed, claimed != executor.run {
      return refusal(
        403,
        "Authenticated principal '{cid: \(claimed)}' does not contain a 'cid' claim with the correct "
          + "active ContainerID", &state)
    }
    if executor.phase == .registering, call["type"]?.string != "SUBSCRIBE" {
      return refusal(403, "Executor is not subscribed", &state)
    }
    switch call["type"]?.string {
    case "SUBSCRIBE":
      let stream = EventStream(choices: faults)
      subscribe(id, call["subscribe"] ?? [:], stream, &state, &effects)
      return HTTPResponseMessage(stream: stream, contentType: "application/json")
    case "UPDATE":
      if let status = call["update"]?["status"] { receive(status, from: id, &state) }
      return HTTPResponseMessage(202)
    case "MESSAGE":
      state.journal.messages.append(Self.bytes(base64: call["message"]?["data"]?.string ?? ""))
      return HTTPResponseMessage(202)
    default: return refusal(501, "", &state)
    }
  }

  /// A response that no executor should ever get from a healthy agent.
  private func refusal(_ status: Int, _ text: String, _ state: inout AgentState)
    -> HTTPResponseMessage
  {
    violation(
      HTTPResponseMessage(status, text), "a call answered \(status) \(text)",
      "src/slave/http.cpp, Http::executor", &state)
  }

  private func violation(
    _ response: HTTPResponseMessage, _ what: String, _ rule: String, _ state: inout AgentState
  ) -> HTTPResponseMessage {
    state.journal.violate(what, rule: rule)
    return response
  }
}
