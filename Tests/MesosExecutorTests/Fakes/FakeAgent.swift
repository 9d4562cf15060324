import Foundation
import Glibc
import HTTPClient
import MesosExecutor
import Synchronization
import TestSupport

/// An update that the agent received.
struct SeenUpdate: Sendable, Hashable {
  let task: String
  let state: String
  let message: String?
  let uuid: String

  init?(_ status: [String: Any]) {
    guard let task = (status["task_id"] as? [String: Any])?["value"] as? String,
      let state = status["state"] as? String, let uuid = status["uuid"] as? String
    else { return nil }
    self.task = task
    self.state = state
    self.uuid = uuid
    message = status["message"] as? String
  }
}

/// A call that the agent received.
struct SeenCall: Sendable {
  let type: String
  /// The update of an UPDATE, or the unacknowledged updates of a SUBSCRIBE.
  let updates: [SeenUpdate]
  /// The unacknowledged tasks of a SUBSCRIBE.
  let tasks: [String]
  let headers: [String: String]
  let path: String
  let json: String
}

/// The executor API of an agent that misbehaves on demand. It handles updates as the agent's status
/// update stream does: each uuid once, in the order of arrival, with an acknowledgement for each
/// copy.
final class FakeAgent: Sendable {
  enum Fault: Sendable {
    case response(Int, String)
    /// The call isn't handled, and there is no response.
    case closeBefore
    /// The call is handled, and there is no response.
    case closeAfter
    /// The call isn't handled. The connection stays open without a response.
    case stall
    /// The call is handled, and the response is late.
    case delay(milliseconds: UInt32)
    /// The response is 200 with these bytes in place of an event stream. Then the connection is
    /// closed.
    case bytes(String)
    /// The stream has only this event, without SUBSCRIBED.
    case only(String)
  }

  struct State {
    var faults: [String: [Fault]] = [:]
    var calls: [SeenCall] = []
    var taken: [SeenUpdate] = []
    var stream: ServerConnection?
    var acknowledges = true
    var capabilities: [String] = []
    /// Events are written in pieces of this size.
    var pieceSize = Int.max
    /// Actions that a real agent would refuse.
    var violations: [String] = []
    /// Chooses the fault of each call, if set.
    var chaos: (@Sendable (String) -> Fault?)?
    /// The faults of the next UPDATEs by state, such as TASK_RUNNING, in order.
    var updateFaults: [String: [Fault]] = [:]
  }

  let server = FakeHTTPServer()
  private let state = Mutex(State())
  private let isTCP: Bool

  init(tcp: Bool = false) throws {
    isTCP = tcp
    server.handle { [weak self] in self?.serve($0, $1) ?? false }
    try server.listen(on: tcp ? .loopback() : .temporary())
  }

  var calls: [SeenCall] { state.withLock { $0.calls } }
  var taken: [SeenUpdate] { state.withLock { $0.taken } }
  var violations: [String] { state.withLock { $0.violations } }
  func calls(_ type: String) -> [SeenCall] { calls.filter { $0.type == type } }

  /// Changes the behavior of the agent.
  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  /// Sets the faults of the next calls of a type, in order.
  func fail(_ type: String, _ faults: Fault...) {
    state.withLock { $0.faults[type, default: []] += faults }
  }

  /// The environment of an executor of this agent.
  func environment(
    checkpoint: Bool = true, recoveryTimeout: Duration = .seconds(900),
    backoff: Duration = .milliseconds(20), token: String? = nil
  ) -> MesosEnvironment {
    MesosEnvironment(
      frameworkID: "F", executorID: "E", agentID: "A", directory: "/sandbox/runs/from-path",
      endpoint: HTTPEndpoint(
        transport: isTCP
          ? .tcp(host: "127.0.0.1", port: Int(server.port)) : .unix(path: server.path)),
      path: isTCP ? "/api/v1/executor" : "/slave(1)/api/v1/executor",
      isCheckpointing: checkpoint, recoveryTimeout: recoveryTimeout,
      subscriptionBackoffMaximum: backoff, authenticationToken: token)
  }

  // MARK: - Events

  /// Sends an event on the stream.
  func push(_ json: String) {
    state.withLock { Self.write(json, to: $0.stream, pieceSize: $0.pieceSize) }
  }

  func launch(_ task: String, more: String = "") {
    push(
      """
      {"type":"LAUNCH","launch":{"task":{"name":"web","task_id":{"value":"\(task)"},\
      "agent_id":{"value":"A"}\(more)}}}
      """)
  }

  /// Acknowledges all updates so far.
  func acknowledgeAll() {
    state.withLock { state in
      for update in state.taken { Self.acknowledge(update, in: state) }
    }
  }

  /// Closes the stream. With `insideRecord`, in the middle of a record.
  func closeStream(insideRecord: Bool = false) {
    state.withLock { state in
      if insideRecord { state.stream?.write(Self.chunk(Array("30\n{\"type\":".utf8))) }
      if !insideRecord { state.stream?.write(Array("0\r\n\r\n".utf8)) }
      state.stream?.end()
      state.stream = nil
    }
  }

  private static func acknowledge(_ update: SeenUpdate, in state: State) {
    let event = """
      {"type":"ACKNOWLEDGED","acknowledged":{"task_id":{"value":"\(update.task)"},\
      "uuid":"\(update.uuid)"}}
      """
    write(event, to: state.stream, pieceSize: state.pieceSize)
  }

  private static func write(_ json: String, to stream: ServerConnection?, pieceSize: Int) {
    guard let stream else { return }
    var rest = Array("\(json.utf8.count)\n\(json)".utf8)[...]
    while !rest.isEmpty {
      let piece = rest.prefix(pieceSize)
      rest = rest.dropFirst(piece.count)
      guard stream.write(chunk(piece)) else { return }
    }
  }

  private static func chunk(_ bytes: some Collection<UInt8>) -> [UInt8] {
    Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
  }

  // MARK: - Calls

  private func serve(_ request: ServerRequest, _ connection: ServerConnection) -> Bool {
    guard let call = seen(request) else { return false }
    let fault: Fault? = state.withLock { state in
      state.calls.append(call)
      if call.type == "UPDATE", let name = call.updates.first?.state,
        state.updateFaults[name]?.isEmpty == false
      {
        return state.updateFaults[name]?.removeFirst()
      }
      if state.faults[call.type]?.isEmpty == false { return state.faults[call.type]?.removeFirst() }
      return state.chaos?(call.type)
    }
    switch fault {
    case .response(let status, let body): return connection.send(.response(status, body))
    case .closeBefore: return false
    case .stall: return true
    case .bytes(let text):
      return connection.send(.textThenClose("HTTP/1.1 200 OK\r\n\r\n\(text)"))
    case .only(let event):
      let record = "\(event.utf8.count)\n\(event)"
      return connection.send(.textThenClose("HTTP/1.1 200 OK\r\n\r\n\(record)"))
    case .closeAfter, .delay, nil: break
    }
    let isSubscribe = call.type == "SUBSCRIBE"
    if isSubscribe, case .closeAfter = fault {
      state.withLock { Self.take(call.updates, &$0) }
      return false
    }
    if case .delay(let milliseconds) = fault { usleep(milliseconds * 1000) }
    if isSubscribe { return subscribe(call, connection) }
    state.withLock { Self.take(call.updates, &$0) }
    if case .closeAfter = fault { return false }
    return connection.send(.response(202))
  }

  private func subscribe(_ call: SeenCall, _ connection: ServerConnection) -> Bool {
    state.withLock { state in
      state.stream?.end()
      state.stream = connection
      connection.write(
        Array(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            .utf8))
      Self.take(call.updates, &state)
      let capabilities = state.capabilities.map { "{\"type\":\"\($0)\"}" }.joined(separator: ",")
      Self.write(
        """
        {"type":"SUBSCRIBED","subscribed":{"executor_info":{"executor_id":{"value":"E"}},\
        "framework_info":{"user":"u","name":"marathon","id":{"value":"F"},\
        "capabilities":[\(capabilities)]},"agent_info":{"hostname":"h","id":{"value":"A"}},\
        "container_id":{"value":"RUN"}}}
        """, to: connection, pieceSize: state.pieceSize)
    }
    return true
  }

  private static func take(_ updates: [SeenUpdate], _ state: inout State) {
    for update in updates {
      if !state.taken.contains(where: { $0.uuid == update.uuid }) { state.taken.append(update) }
      if state.acknowledges { acknowledge(update, in: state) }
    }
  }
}
