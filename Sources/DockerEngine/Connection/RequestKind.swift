/// A kind of request, by the work that the engine does for it. Each kind has a limit of concurrent
/// requests.
///
/// dockerd accepts all requests, and then each of them waits for the same few locks. With hundreds
/// at once, no request completes in time. A request that lasts as long as a container (output,
/// events, waits, a stop with its grace period), a kill and a ping never wait for a turn.
enum RequestKind: Sendable, Hashable, CaseIterable {
  case create, start, connect, copy, remove, inspect

  /// The highest number of concurrent requests of the kind. It was measured: more are no faster in
  /// total, and each takes longer.
  var limit: Int {
    switch self {
    case .create, .start, .connect, .copy, .remove: 8
    case .inspect: 32
    }
  }

  /// Whether a request that hasn't been sent should be dropped when its pod has stopped meanwhile.
  var makesSomething: Bool {
    switch self {
    case .create, .start, .connect, .copy: true
    case .remove, .inspect: false
    }
  }
}

extension EngineCall {
  /// The kind of a call. Nil for a call that never waits for a turn.
  var kind: RequestKind? {
    switch method {
    case "GET", "HEAD": path == "/_ping" ? nil : .inspect
    // A removal of another object waits for containers. It must not queue behind containers that
    // can't be removed.
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
