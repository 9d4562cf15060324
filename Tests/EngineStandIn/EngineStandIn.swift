import Foundation
import Glibc
import Synchronization
import TestSupport

/// An engine of an older release, for releases that can't be installed. It is a proxy to a newer
/// engine. In both directions it passes only what the API of the old release has. The newer engine
/// still applies its own behavior for requests of an old version.
package final class EngineStandIn: Sendable {
  private struct Open {
    var listening: Int32?
    var connections: Set<Int32> = []
    var threads = 0
    var isStopping = false
    var requests: [String] = []
    var refusals: [String] = []
  }

  /// The release that the stand-in imitates.
  package let release: EngineRelease
  /// The path of the stand-in's socket.
  package let socket: String
  private let engine: String
  private let open = Mutex(Open())
  private let ended = DispatchSemaphore(value: 0)

  /// Creates a stand-in that listens at a path, on a thread.
  ///
  /// - Parameters:
  ///   - release: The release to imitate.
  ///   - engine: The path of the newer engine's socket, which doesn't have to exist yet.
  ///   - socket: The path to listen at.
  /// - Throws: `SocketError`.
  package init(_ release: EngineRelease, engine: String, at socket: String) throws {
    self.release = release
    self.engine = engine
    self.socket = socket
    let number = try Socket.listen(on: .unix(path: socket))
    open.withLock {
      $0.listening = number
      $0.threads = 1
    }
    Thread.detachNewThread { [self] in
      while let client = Socket.accept(number) { serve(client) }
      close(number)
      threadEnded()
    }
  }

  /// The requests that were passed on: method and target, unchanged.
  package var requests: [String] { open.withLock { $0.requests } }

  /// The requests that were rejected, each with the reason.
  package var refusals: [String] { open.withLock { $0.refusals } }

  /// Closes all connections and stops listening. Returns when all threads have finished.
  package func stop() {
    open.withLock {
      $0.isStopping = true
      for number in $0.connections { Socket.end(number) }
      if let number = $0.listening { Socket.end(number) }
    }
    ended.wait()
  }

  private func threadEnded() {
    let last = open.withLock {
      $0.threads -= 1
      return $0.isStopping && $0.threads == 0
    }
    if last { ended.signal() }
  }

  private func serve(_ client: Int32) {
    guard let engine = Socket.connect(to: engine) else {
      close(client)
      return
    }
    let accepted = open.withLock {
      if $0.isStopping { return false }
      $0.connections.formUnion([client, engine])
      $0.threads += 1
      return true
    }
    guard accepted else {
      close(client)
      close(engine)
      return
    }
    Thread.detachNewThread { [self] in
      let conversation = Conversation(client: client, engine: engine, release: release) { verdict in
        self.open.withLock {
          switch verdict {
          case .passed(let request): $0.requests.append(request)
          case .refused(let reason): $0.refusals.append(reason)
          }
        }
      }
      conversation.run()
      // Removed from the set before they are closed, since the descriptors can be reused at once.
      open.withLock { $0.connections.subtract([client, engine]) }
      close(client)
      close(engine)
      threadEnded()
    }
  }
}
