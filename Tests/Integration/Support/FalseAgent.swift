import AgentStandIn
import Foundation
import Synchronization
import TestSupport

/// The part of a Mesos agent's operator API (v1, in JSON) that pod-reaper uses.
final class FalseAgent: Sendable {
  /// The contents of its responses.
  struct Words: Sendable {
    var id = "agent-1"
    var runs: [String] = []
    var isRegistered = true
    var acls = ""
    var cgroupsRoot = "mesos"
    /// The uptimes in its successive responses to GET_METRICS, in seconds.
    var uptimes: [Double] = []
    var status = 200
    /// A request with another token, or none, gets 401.
    var token: String?
  }

  private let server = FakeHTTPServer()
  private let words: Mutex<Words>
  var url: String { "http://127.0.0.1:\(server.port)" }

  init(_ words: Words, on address: ListenAddress = .loopback()) throws {
    self.words = Mutex(words)
    server.handle { [weak self] in $1.send(self?.reply(to: $0) ?? .response(503)) }
    try server.listen(on: address)
  }

  deinit { server.abandon() }

  private func reply(to request: ServerRequest) -> ServerReply {
    let words = words.withLock { $0 }
    // Only this path is served on a domain socket.
    let path = request.isOverDomainSocket ? "/slave(1)/api/v1" : "/api/v1"
    guard request.path == path else { return .response(403) }
    if let token = words.token, request.headers["authorization"] != "Bearer \(token)" {
      return .response(401)
    }
    return .response(
      words.status, String(decoding: body(for: request, words).bytes, as: UTF8.self),
      headers: ["Content-Type": "application/json"])
  }

  private func body(for request: ServerRequest, _ words: Words) -> JSON {
    switch try? JSON(parsing: request.body)["type"]?.string {
    case "GET_AGENT": return ["get_agent": ["agent_info": ["id": .id(words.id)]]]
    case "GET_METRICS":
      let uptime = self.words.withLock { $0.uptimes.isEmpty ? 1 : $0.uptimes.removeFirst() }
      return [
        "get_metrics": [
          "metrics": [
            ["name": "slave/registered", "value": words.isRegistered ? 1 : 0],
            ["name": "slave/uptime_secs", "value": .double(uptime)],
          ]
        ]
      ]
    case "GET_FLAGS":
      return [
        "get_flags": [
          "flags": [
            ["name": "acls", "value": .string(words.acls)],
            ["name": "cgroups_root", "value": .string(words.cgroupsRoot)],
          ]
        ]
      ]
    default:
      let list = words.runs.map { JSON.object(["container_id": .id($0), "executor_id": .id("e")]) }
      return ["get_containers": ["containers": .array(list)]]
    }
  }
}

extension FalseAgent {
  /// The connection to an agent that requires a token: TLS, or its domain socket.
  enum Way: Sendable, CaseIterable { case tls, socket }

  static let token = "eyJhbGciOiJIUzI1NiJ9.e30.token"

  /// Calls `body` with an agent that lists these runs in response to requests with the token.
  ///
  /// - Parameters:
  ///   - way: the connection.
  ///   - runs: the listed runs.
  ///   - token: the token of the client.
  ///   - authorities: the file with the authorities that the client trusts; by default the right
  ///     ones.
  ///   - body: receives the options for the connection.
  /// - Throws: the errors of `body`.
  static func withGuarded(
    _ way: Way, runs: [String], token: String = token, authorities: String? = nil,
    _ body: ([String]) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let words = Words(runs: runs, token: Self.token)
      let file = ["--agent-token-file", try directory.write("token", token + "\n")]
      switch way {
      case .socket:
        let socket = directory.path("agent.sock")
        let agent = try FalseAgent(words, on: .unix(path: socket))
        try await body(["--agent-url", "unix://\(socket)#slave(1)"] + file)
        withExtendedLifetime(agent) {}
      case .tls:
        try await Certificates.make(in: directory.path)
        let agent = try FalseAgent(words)
        try await EngineProxy.with(
          tcp: Int(agent.server.port), certificates: directory.path, asksClients: false
        ) { proxy in
          let trust = ["--agent-ca-file", authorities ?? directory.path("ca.pem")]
          try await body(["--agent-url", "https://127.0.0.1:\(proxy.port)"] + file + trust)
        }
        withExtendedLifetime(agent) {}
      }
    }
  }
}
