import AgentStandIn
import Foundation
import HTTPClient
import Synchronization
import TestSupport

/// An executor that a test plays. It sends valid and invalid calls.
struct Peer: Sendable {
  let agent: AgentStandIn
  var executor = "e"
  private let client = HTTPClient()

  init(_ agent: AgentStandIn) { self.agent = agent }

  /// A call with its IDs.
  func message(_ type: String, _ parts: [String: JSON] = [:]) -> JSON {
    var call: JSON = [
      "type": .string(type), "executor_id": .id(executor),
      "framework_id": .id(agent.options.frameworkID),
    ]
    for (name, part) in parts { call[name] = part }
    return call
  }

  /// A status with all fields that an executor must set. By default each has its own uuid.
  func status(
    _ state: String, of task: String = "t", uuid: UpdateID = UpdateID(), at time: Double = 1,
    _ more: [String: JSON] = [:]
  ) -> JSON {
    var status: JSON = [
      "task_id": .id(task), "state": .string(state), "uuid": .string(uuid.base64),
      "source": "SOURCE_EXECUTOR", "executor_id": .id(executor), "timestamp": .double(time),
    ]
    for (name, part) in more { status[name] = part }
    return status
  }

  /// Sends an update and returns the status of the response.
  @discardableResult
  func update(_ status: JSON) async throws -> Int {
    try await send(message("UPDATE", ["update": ["status": status]])).status
  }

  /// Sends any body and returns the response.
  func send(
    _ body: JSON, path: String = "/api/v1/executor", headers: [String: String] = [:]
  ) async throws -> (status: Int, text: String) {
    let response = try await client.send(request(body.bytes, path, headers))
    return (response.head.status, String(decoding: response.body, as: UTF8.self))
  }

  /// Subscribes with these unacknowledged statuses and tasks.
  func subscribe(updates: [JSON] = [], tasks: [String] = []) async throws -> Subscription {
    let stubs: [JSON] = tasks.map {
      ["name": .string($0), "task_id": .id($0), "agent_id": .id(agent.options.agentID)]
    }
    let call = message(
      "SUBSCRIBE",
      [
        "subscribe": [
          "unacknowledged_updates": .array(updates.map { ["status": $0] }),
          "unacknowledged_tasks": .array(stubs),
        ]
      ])
    let response = try await client.stream(request(call.bytes, "/api/v1/executor", [:]))
    guard response.head.status == 200 else { throw Refused(status: response.head.status) }
    return Subscription(response.body)
  }

  private func request(
    _ body: [UInt8], _ path: String, _ headers: [String: String]
  ) -> HTTPRequest {
    let all = ["Content-Type": "application/json", "Accept": "application/json"]
      .merging(headers) { $1 }
    return HTTPRequest(
      endpoint: HTTPEndpoint(transport: .tcp(host: "127.0.0.1", port: Int(agent.port))),
      method: "POST", path: path, headers: all.map { (name: $0.key, value: $0.value) }, body: body)
  }
}

/// The agent refused a SUBSCRIBE.
struct Refused: Error { let status: Int }

/// An open event stream, parsed as docs/executor-http-api.md describes.
final class Subscription: Sendable {
  private let record = Record()
  private let reader: Task<Void, Never>

  init(_ body: HTTPBody) {
    let record = record
    reader = Task {
      do { for try await piece in body { record.take(piece) } } catch {}
      record.close()
    }
  }

  deinit { reader.cancel() }

  /// The events so far.
  var events: [JSON] { record.state.withLock { $0.events } }
  /// The types of the events so far.
  var types: [String] { events.compactMap { $0["type"]?.string } }
  /// Whether the agent has closed the stream.
  var isClosed: Bool { record.state.withLock { $0.isClosed } }
  /// The bytes of an incomplete record.
  var rest: [UInt8] { record.state.withLock { $0.bytes } }

  /// Waits until this number of events of a type have arrived.
  func has(_ type: String, times: Int = 1) async throws {
    try await eventually("\(type) on the stream") { types.count { $0 == type } >= times }
  }

  /// Waits until the agent closes the stream.
  func closes() async throws { try await eventually("the stream's end") { isClosed } }
}

/// Splits the bytes of a stream into records: a decimal length, a newline, and the bytes.
private final class Record: Sendable {
  struct State {
    var bytes: [UInt8] = []
    var events: [JSON] = []
    var isClosed = false
  }

  let state = Mutex(State())

  func take(_ piece: [UInt8]) {
    state.withLock { state in
      state.bytes += piece
      while let newline = state.bytes.firstIndex(of: 0x0a),
        let length = Int(String(decoding: state.bytes[..<newline], as: UTF8.self)),
        state.bytes.count > newline + length
      {
        let body = Array(state.bytes[(newline + 1)..<(newline + 1 + length)])
        state.bytes.removeFirst(newline + 1 + length)
        if let event = try? JSON(parsing: body) { state.events.append(event) }
      }
    }
  }

  func close() { state.withLock { $0.isClosed = true } }
}

/// Passes an agent with its own work directory to `body`.
func withAgent(
  _ change: (inout AgentOptions) -> Void, _ body: (AgentStandIn) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    // The user of an executor may be an ordinary user.
    chmod(directory.path, 0o711)
    var options = AgentOptions(workDirectory: directory.path)
    change(&options)
    let agent = try AgentStandIn(options)
    do {
      try await body(agent)
    } catch {
      await agent.close()
      throw error
    }
    await agent.close()
  }
}

/// Passes an agent to `body`, with an executor `e` that has subscribed and got the task `t`.
func withTask(
  _ change: (inout AgentOptions) -> Void,
  _ body: (AgentStandIn, Peer, Subscription) async throws -> Void
) async throws {
  try await withAgent(change) { agent in
    agent.addExecutor(["executor_id": .id("e")])
    agent.send(TaskDescription(id: "t", command: "", executorID: "e"))
    let stream = try await Peer(agent).subscribe()
    try await stream.has("LAUNCH")
    try await body(agent, Peer(agent), stream)
  }
}

/// Passes an agent with default options to `body`.
func withAgent(_ body: (AgentStandIn) async throws -> Void) async throws {
  try await withAgent({ _ in }, body)
}

/// Passes an agent with default options to `body`, with its executor and task.
func withTask(_ body: (AgentStandIn, Peer, Subscription) async throws -> Void) async throws {
  try await withTask({ _ in }, body)
}
