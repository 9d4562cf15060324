import HTTPClient

/// What an agent's answer to a call means for the session (Http::executor in the agent's http.cpp, the same from 1.0 on).
enum AgentAnswer: Sendable {
  /// 202: the agent has taken it.
  case accepted
  /// The executor has to subscribe first (403 "Executor is not subscribed").
  case notSubscribed(String)
  /// 400 "Framework cannot be found", "Executor cannot be found".
  case unknown(String)
  /// Another 400, and 413: the agent can't read the call, or refuses what stands in it. Of a single update it says that
  /// this one will never be taken; no other answer does.
  case malformed(String)
  /// 401, and 403 for any other reason: believed when it is said for long.
  case refused(SessionEnd)
  /// Any other status: the agent isn't ready, as while it recovers (503, 404), whatever the call.
  case unready(String)
  /// No response: not reachable, broken off.
  case unavailable(String)

  init(status: Int, body: [UInt8]) {
    let words = String(decoding: body.prefix(500), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let reason = words.isEmpty ? "\(status)" : "\(status) \(words)"
    switch status {
    case 202: self = .accepted
    case 400 where words.contains("cannot be found"): self = .unknown(reason)
    case 400, 413: self = .malformed(reason)
    case 401: self = .refused(.unauthorized(reason))
    case 403 where words.contains("not subscribed"): self = .notSubscribed(reason)
    case 403: self = .refused(.refused(reason))
    default: self = .unready(reason)
    }
  }

  init(_ error: any Error) {
    self = .unavailable("\(error)")
  }
}
