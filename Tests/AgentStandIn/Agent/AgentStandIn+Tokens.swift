import Foundation
import Synchronization
import TestSupport

/// Bearer tokens. A real one is a JWT with the claims fid, eid and cid. Here a token is opaque, and
/// the agent records the run for which it created the token.
extension AgentStandIn {
  enum Authentication {
    case run(String)
    case refused(challenge: String)
  }

  /// 3rdparty/libprocess/src/jwt_authenticator.cpp, `authenticate`.
  func authenticate(_ request: ServerRequest, _ state: AgentState) -> Authentication {
    // src/slave/constants.hpp, `EXECUTOR_HTTP_AUTHENTICATION_REALM`.
    let realm = #"Bearer realm="mesos-agent-executor""#
    func refused(_ why: String) -> Authentication {
      .refused(challenge: #"\#(realm), error="invalid_token", error_description="\#(why)""#)
    }
    guard let header = request.headers["authorization"] else { return .refused(challenge: realm) }
    let words = header.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2 else { return refused("Malformed 'Authorization' header") }
    guard words[0] == "Bearer" else { return refused("Scheme '\(words[0])' unsupported") }
    guard let run = state.tokens[String(words[1])] else {
      return refused("Invalid JWT: Token signature does not match")
    }
    return .run(run)
  }

  /// Creates a token for a run (src/authentication/executor/jwt_secret_generator.cpp).
  func makeToken(for run: String) -> String {
    let token = "standin." + Data(UUID().uuidString.utf8).base64EncodedString()
    state.withLock { $0.tokens[token] = run }
    return token
  }

  /// Invalidates all tokens, as an agent does when it is restarted with another `--jwt_secret_key`.
  package func revokeTokens() { state.withLock { $0.tokens = [:] } }

  static func bytes(base64: String) -> [UInt8] {
    Data(base64Encoded: base64).map { Array($0) } ?? []
  }
}
