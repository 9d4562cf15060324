import HTTPClient

/// What an agent's response to a call means for the session (Http::executor in the agent's
/// http.cpp, the same since 1.0).
enum CallResponse: Sendable {
  /// 202: the agent has accepted the call.
  case accepted
  /// The executor must subscribe first (403 "Executor is not subscribed").
  case notSubscribed(String)
  /// 400 "Framework cannot be found" or "Executor cannot be found".
  case unknown(String)
  /// Any other 400, and 413: the agent cannot read the call, or refuses its contents. For a single
  /// update this is the only response that means that the agent will never accept it.
  case malformed(String)
  /// 401, and 403 for any other reason. The session is over only if the agent repeats the refusal.
  case refused(SessionEnd)
  /// Any other status: the agent is not ready for any call, for example while it recovers (503,
  /// 404).
  case unready(String)
  /// No response: the agent is unreachable, or the connection broke.
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
