import HTTPClient
import JSON
import Linux
import PodIdentity
import Settings

/// The agent's view of its runs at one time.
struct AgentView: Sendable, Equatable {
  /// The agent's own ID.
  var agentID: String
  /// The runs that the agent lists.
  var runs: Set<String>
  /// Why the absence of a run from the list proves nothing; nil if it is a proof.
  var reservation: String?
  /// The parent cgroup of its runs (`--cgroups_root`), without slashes at either end; nil if the
  /// agent didn't report it. The list proves nothing about cgroups with another parent.
  var cgroupsRoot: String?

  /// The finding about a pod.
  func finding(for identity: PodIdentity) -> Finding {
    if runs.contains(identity.run) { return .agentLists }
    guard !identity.agentID.isEmpty, identity.agentID == agentID else {
      return .agentSilent("the pod belongs to another agent (\(identity.agentID))")
    }
    return reservation.map { .agentSilent($0) } ?? .agentOmits
  }
}

/// The result of querying the agent in one pass.
enum AgentReply: Sendable {
  /// The agent wasn't queried.
  case none
  case view(AgentView)
  case failure(String)

  /// The view, if the absence of a run from it is a proof.
  var proving: AgentView? {
    if case .view(let view) = self, view.reservation == nil { return view }
    return nil
  }
}

/// Queries a Mesos agent for its runs (Mesos, "Operator HTTP API", v1, in JSON).
struct AgentClient: Sendable {
  private let http = HTTPClient()
  private let endpoint: HTTPEndpoint
  private let path: String
  private let token: String?
  private let seesEverything: Bool

  /// Creates a client of an agent.
  ///
  /// - Parameters:
  ///   - url: `http://host:port`, `https://host:port`, or `unix:///path#slave(1)` for an agent's
  ///     domain socket.
  ///   - tokenFile: a file with a bearer token.
  ///   - authorities: a PEM file of the certificate authorities to trust.
  ///   - seesEverything: whether the operator confirms that the token gives access to every run.
  /// - Throws: `ConfigurationError`.
  init(
    url: String, tokenFile: String?, authorities: String?, seesEverything: Bool
  ) throws(ConfigurationError) {
    self.seesEverything = seesEverything
    if let tokenFile {
      guard let text = try? TextFile.regular(tokenFile, limit: 1 << 20) else {
        throw ConfigurationError(description: "agent-token-file '\(tokenFile)' can't be read")
      }
      token = String(text.prefix { !$0.isNewline })
    } else {
      token = nil
    }
    if url.hasPrefix("unix:///") {
      let parts = url.dropFirst("unix://".count).split(separator: "#", maxSplits: 1)
      endpoint = HTTPEndpoint(transport: .unix(path: String(parts[0])))
      path = "/\(parts.count > 1 ? String(parts[1]) : "slave(1)")/api/v1"
      return
    }
    let isTLS = url.hasPrefix("https://")
    let rest = url.drop { $0 != ":" }.dropFirst(3).split(separator: "/").first ?? ""
    let colon = rest.lastIndex(of: ":")
    guard isTLS || url.hasPrefix("http://"), let colon,
      let port = Int(rest[rest.index(after: colon)...]),
      1...65_535 ~= port
    else {
      throw ConfigurationError(
        description:
          "agent-url takes http://HOST:PORT, https://HOST:PORT or unix:///PATH#slave(1), not '\(url)'"
      )
    }
    let host = rest[..<colon].drop { $0 == "[" }.filter { $0 != "]" }
    endpoint = HTTPEndpoint(
      transport: .tcp(host: host, port: port),
      tls: isTLS ? TLSFiles(authorities: authorities) : nil)
    path = "/api/v1"
  }

  /// Queries the agent.
  ///
  /// - Throws: `AgentError` with the cause.
  func observe() async throws -> AgentView {
    let agent: AgentResponse = try await call("GET_AGENT")
    guard let id = agent.get_agent?.agent_info?.id?.value else {
      throw AgentError(description: "the agent's response has no agent ID")
    }
    // Checked before and after the list: an agent that restarts in between has an incomplete list.
    let before = try await standing()
    let containers: AgentResponse = try await call("GET_CONTAINERS")
    guard let list = containers.get_containers else {
      throw AgentError(description: "the agent's response has no list of containers")
    }
    let after = try await standing()
    // The run of a nested container is the ID of its root container.
    let runs = (list.containers ?? []).compactMap { $0.container_id?.root }
    let flags = try? await askFlags()
    var reservation: String?
    if !before.isRegistered || !after.isRegistered {
      reservation = "it isn't registered with a master yet, so its list may be incomplete"
    } else if let old = before.uptime, after.uptime.map({ $0 < old }) ?? true {
      reservation = "it was restarted during the query, so its list may be incomplete"
    } else if !seesEverything, Self.hasACLs(flags) {
      reservation =
        "it has access control, and agent-sees-everything is not set, so its list may be incomplete"
    }
    let root = flags?["cgroups_root"]?.split(separator: "/").joined(separator: "/")
    return AgentView(agentID: id, runs: Set(runs), reservation: reservation, cgroupsRoot: root)
  }

  /// Whether the agent's recovery is complete, and its uptime in seconds.
  private func standing() async throws -> (isRegistered: Bool, uptime: Double?) {
    let metrics = try await call("GET_METRICS").get_metrics?.metrics ?? []
    func value(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
    return (value("slave/registered") == 1, value("slave/uptime_secs"))
  }

  private func askFlags() async throws -> [String: String]? {
    let flags = try await call("GET_FLAGS").get_flags?.flags
    return flags.map { Dictionary($0.map { ($0.name ?? "", $0.value ?? "") }) { _, last in last } }
  }

  /// Whether the agent might list only a part of its runs.
  private static func hasACLs(_ flags: [String: String]?) -> Bool {
    guard let flags else { return true }
    return !(flags["acls"] ?? "").isEmpty || ![nil, "", "local"].contains(flags["authorizer"])
  }

  private func call(_ type: String) async throws -> AgentResponse {
    var headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
    if let token { headers.append(("Authorization", "Bearer \(token)")) }
    let response: HTTPResponse
    do {
      response = try await http.send(
        HTTPRequest(
          endpoint: endpoint, method: "POST", path: path, headers: headers,
          body: Array(#"{"type":"\#(type)"}"#.utf8), connectTimeout: .seconds(3),
          timeout: .seconds(10)))
    } catch let error as HTTPError {
      throw AgentError(description: "\(error)")
    }
    guard response.head.status == 200 else {
      throw AgentError(description: "\(type): status \(response.head.status)")
    }
    do {
      return try JSONDecoder().decode(AgentResponse.self, from: response.body)
    } catch {
      throw AgentError(description: "\(type): the response can't be parsed")
    }
  }
}

/// Why a query of the agent failed.
struct AgentError: Error, CustomStringConvertible {
  let description: String
}

/// The parts of the agent's responses that are used (include/mesos/v1/agent/agent.proto,
/// `Response`).
private struct AgentResponse: Decodable {
  struct ID: Decodable { let value: String? }
  struct Info: Decodable { let id: ID? }
  struct GetAgent: Decodable { let agent_info: Info? }
  struct Metric: Decodable {
    let name: String?
    let value: Double?
  }
  struct Metrics: Decodable { let metrics: [Metric]? }
  struct Flag: Decodable {
    let name: String?
    let value: String?
  }
  struct Flags: Decodable { let flags: [Flag]? }
  struct ContainerID: Decodable {
    let value: String?
    let parent: Boxed?
    final class Boxed: Decodable {
      let id: ContainerID
      init(from decoder: any Decoder) throws { id = try ContainerID(from: decoder) }
    }
    var root: String? { parent.map { $0.id.root } ?? value }
  }
  struct Container: Decodable { let container_id: ContainerID? }
  struct Containers: Decodable { let containers: [Container]? }
  let get_agent: GetAgent?
  let get_metrics: Metrics?
  let get_flags: Flags?
  let get_containers: Containers?
}
