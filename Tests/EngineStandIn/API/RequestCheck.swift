import AgentStandIn

/// Checks requests as an engine of a release would.
struct RequestCheck: Sendable {
  /// A request that the stand-in rejects.
  struct Refusal: Error, Equatable {
    let status: Int
    let message: String
  }

  /// The result of a request's check.
  struct Route: Sendable {
    let endpoint: Endpoint
    /// The minor number of the API version in the request.
    let version: Int
    /// The target for the newer engine. It always has a version.
    let target: String
  }

  let release: EngineRelease

  /// Checks the request line and the query of a request.
  func route(_ method: String, _ target: String) throws(Refusal) -> Route {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let (path, version) = try split(String(parts[0]))
    guard let endpoint = Endpoint.of(method, path, version) else {
      throw refusal("page not found: \(method) \(path)", status: 404)
    }
    let query = parts.count == 2 ? Query(parts[1]) : Query("")
    for (name, value) in query.items {
      guard endpoint.query.has(name, version) else {
        throw refusal("\(endpoint.name) has no parameter \(name)")
      }
      guard name == "filters", !value.isEmpty else { continue }
      guard let keys = (try? JSON(parsing: Array(value.utf8)))?.members?.keys else {
        throw refusal("filters of \(endpoint.name) are no JSON object: \(value)")
      }
      for key in keys.sorted() where !endpoint.filters.has(key, version) {
        throw refusal("Invalid filter '\(key)' for \(endpoint.name)")
      }
    }
    let rest = parts.count == 2 ? "?\(parts[1])" : ""
    return Route(
      endpoint: endpoint, version: version, target: "/v1.\(version)\(path)\(rest)")
  }

  /// Checks the body of a request that accepts JSON. An empty body is none.
  func check(_ body: [UInt8], of route: Route) throws(Refusal) {
    guard !body.isEmpty else { return }
    let endpoint = route.endpoint
    guard let table = endpoint.body else {
      throw refusal("\(endpoint.name) takes no body")
    }
    guard let value = try? JSON(parsing: body) else {
      throw refusal("the body of \(endpoint.name) is no JSON")
    }
    let unknown = table.unknown(in: value, route.version)
    guard unknown.isEmpty else {
      let names = unknown.joined(separator: ", ")
      throw refusal("\(endpoint.name) has no field \(names)")
    }
  }

  /// Removes the version from a path. A path without a version has the engine's newest, as with
  /// every engine (`versionMatcher` in moby's `api/server/server.go`).
  private func split(_ path: String) throws(Refusal) -> (path: String, version: Int) {
    guard path.hasPrefix("/v1."), let end = path.dropFirst().firstIndex(of: "/"),
      let version = Int(path[..<end].dropFirst("/v1.".count))
    else { return (path, release.api) }
    // Engines before 17.11 treat a newer version as their newest. The stand-in is stricter, so that
    // no request of a newer version remains unnoticed.
    let client = "client version 1.\(version) is too"
    guard version <= release.api else {
      throw Refusal(
        status: 400,
        message: "\(client) new. Maximum supported API version is 1.\(release.api)")
    }
    guard version >= 12 else {
      throw Refusal(
        status: 400,
        message: "\(client) old. Minimum supported API version is 1.12, please upgrade your "
          + "client to a newer version")
    }
    return (String(path[end...]), version)
  }

  private func refusal(_ text: String, status: Int = 400) -> Refusal {
    Refusal(status: status, message: "\(text) (\(release))")
  }
}

/// The decoded parameters of a request's target.
private struct Query {
  let items: [(name: String, value: String)]

  init(_ text: some StringProtocol) {
    items = text.split(separator: "&").map { item in
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decoded(sides[0]), sides.count == 2 ? Self.decoded(sides[1]) : "")
    }
  }

  private static func decoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
