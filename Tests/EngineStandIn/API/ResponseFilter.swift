import AgentStandIn

/// Changes the responses of an engine to those of an older release.
struct ResponseFilter: Sendable {
  let release: EngineRelease

  /// The body of a successful response without the fields that the release doesn't have. A body
  /// that isn't JSON is unchanged.
  func body(_ bytes: [UInt8], _ endpoint: Endpoint) -> [UInt8] {
    guard let table = endpoint.response, let value = try? JSON(parsing: bytes) else { return bytes }
    var response = table.stripped(value, release.api)
    switch endpoint.name {
    case "GET /version":
      response["Version"] = .string(release.version)
      response["ApiVersion"] = .string("1.\(release.api)")
      response["Components"] = response["Components"].map(components)
    case "GET /info": response["ServerVersion"] = .string(release.version)
    default: break
    }
    return response.bytes + [UInt8(ascii: "\n")]
  }

  /// An event of the stream. Nil if the release doesn't send it.
  func event(_ line: [UInt8], _ endpoint: Endpoint) -> [UInt8]? {
    let end = UInt8(ascii: "\n")
    guard let table = endpoint.response, let event = try? JSON(parsing: line) else {
      return line + [end]
    }
    let action = event["Action"]?.string ?? ""
    if let first = EngineAPI.events[action], release.api < first { return nil }
    return table.stripped(event, release.api).bytes + [end]
  }

  /// A header field of a response. Nil if the release doesn't send it.
  func headField(_ name: String, _ value: String) -> String? {
    if let first = EngineAPI.headFields[name.lowercased()], release.api < first { return nil }
    switch name.lowercased() {
    case "api-version": return "1.\(release.api)"
    case "server": return "Docker/\(release.version) (linux)"
    default: return value
    }
  }

  /// The status of a failure, which depends on its text.
  func status(_ status: Int, _ body: [UInt8]) -> Int {
    guard release.api < EngineAPI.firstTypedFailures else { return status }
    let text = String(decoding: body, as: UTF8.self)
    return EngineAPI.untypedFailures.first { text.contains($0.0) }?.1 ?? status
  }

  /// `Components` with the engine's own versions.
  private func components(_ list: JSON) -> JSON {
    .array(
      (list.array ?? []).map { component in
        guard component["Name"]?.string == "Engine" else { return component }
        var engine = component
        engine["Version"] = .string(release.version)
        engine["Details"]?["ApiVersion"] = .string("1.\(release.api)")
        return engine
      })
  }
}
