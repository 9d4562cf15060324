/// Why an executor did not respond as asked.
public enum ControlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// It has no socket, or nobody listens on it.
  case absent
  /// The socket is open to other users only.
  case denied
  /// The process that listens is not the executor that the socket's name says.
  case stranger
  /// There was no response in time.
  case silent
  /// The executor closed the connection before the end of its response.
  case broken
  /// The response is no message of the protocol.
  case garbled
  /// The executor's reason for a refusal.
  case refused(String)
  /// What the kernel says.
  case failed(String)

  /// One line for people; what comes from the executor is not sanitized.
  public var description: String {
    switch self {
    case .absent: "its executor has no control socket"
    case .denied: "only root and the group of control-group may ask its executor"
    case .stranger: "another process listens on its executor's control socket"
    case .silent: "its executor does not respond"
    case .broken: "its executor closed the connection"
    case .garbled: "its executor's response is not understood"
    case .refused(let reason): reason
    case .failed(let reason): "its executor's control socket: \(reason)"
    }
  }
}
