/// Requests that the engine does one kind of work for. Of each kind only so many are under way at
/// once.
///
/// dockerd takes all that it is sent, and then lets every request wait for the same few locks: with
/// hundreds at once none is answered in time. What lasts as long as a container does (output,
/// events, waits, a stop's grace), a kill and a ping never wait for a turn.
enum RequestKind: Sendable, Hashable, CaseIterable {
  case create, start, connect, copy, remove, look

  /// The most requests of the kind at once, as measured: more are no faster, and each takes longer.
  var limit: Int {
    switch self {
    case .create, .start, .connect, .copy: 8
    case .remove: 16
    case .look: 32
    }
  }

  /// Whether a request that hasn't been sent is better not sent any more when its pod has ended
  /// meanwhile.
  var makesSomething: Bool {
    switch self {
    case .create, .start, .connect, .copy: true
    case .remove, .look: false
    }
  }
}

extension EngineCall {
  /// The kind of a call; nil for one that never waits for a turn.
  var kind: RequestKind? {
    switch method {
    case "GET", "HEAD": path == "/_ping" ? nil : .look
    // One that waits for its containers must not wait behind those that can't be removed.
    case "DELETE": path.hasPrefix("/containers/") ? .remove : nil
    case "PUT": .copy
    default:
      switch path.split(separator: "/").last {
      case "create": .create
      case "start": .start
      case "connect", "disconnect": .connect
      default: nil
      }
    }
  }
}
