import CLinux
import HookEvents
import Logging

@testable import Reaping

extension HookEventListener {
  /// Listens, and passes each event on until it is stopped.
  convenience init(
    socket: String, spool: String, strangersStay: Duration = .seconds(86_400), log: Logger,
    makeWatch: @escaping @Sendable (String) -> Int32 = { linux_watch_directory($0) },
    hear: @escaping @Sendable (HookEvent) -> Void
  ) throws {
    try self.init(
      socket: socket, spool: spool, strangersStay: strangersStay, log: log, makeWatch: makeWatch)
    Task { [events] in for await event in events { hear(event) } }
  }
}

extension LeaseServer {
  /// Listens, and passes each event on until it is stopped.
  convenience init(
    path: String, limits: Limits = Limits(), log: Logger,
    report: @escaping @Sendable (LeaseEvent) -> Void
  ) throws {
    try self.init(path: path, limits: limits, log: log)
    Task { [events] in for await event in events { report(event) } }
  }
}
