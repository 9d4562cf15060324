/// The reason why a request to an executor failed.
package enum ControlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The executor has no socket, or no process listens on it.
  case absent
  /// The permissions of the socket exclude this user.
  case denied
  /// The listening process is not the executor that the name of the socket contains.
  case stranger
  /// There was no response before the deadline.
  case silent
  /// The executor closed the connection before the last line of its response.
  case broken
  /// The response is not a message of the protocol.
  case garbled
  /// The executor's reason for a refusal.
  case refused(String)
  /// The kernel's error message.
  case failed(String)

  /// One line for people. Text from the executor is not sanitized.
  package var description: String {
    switch self {
    case .absent: "its executor has no control socket"
    case .denied: "only root and the group in control-group may query its executor"
    case .stranger: "another process listens on its executor's control socket"
    case .silent: "its executor does not respond"
    case .broken: "its executor closed the connection"
    case .garbled: "its executor's response is invalid"
    case .refused(let reason): reason
    case .failed(let reason): "its executor's control socket: \(reason)"
    }
  }
}
