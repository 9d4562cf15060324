import CLinux
import Dispatch
import Glibc
import Linux
import PodIdentity
import Synchronization

/// Pidfds on the executors that live: the kernel reports each end as it happens.
final class PidfdMonitor: Sendable {
  private struct State {
    var watches: [PodIdentity: ReadSource] = [:]
    var ends: AsyncStream<PodIdentity>.Continuation?
  }
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "pidfds")

  /// The incarnations that end from now on. Nothing is watched before somebody asks for them.
  func ends() -> AsyncStream<PodIdentity> {
    let (stream, ends) = AsyncStream.makeStream(of: PodIdentity.self)
    state.withLock { $0.ends = ends }
    return stream
  }

  /// Watches an incarnation whose process has just been seen alive.
  func watch(_ identity: PodIdentity) {
    guard let pid = identity.incarnation.pid,
      let ends = state.withLock({ $0.watches[identity] == nil ? $0.ends : nil })
    else { return }
    let descriptor = linux_pidfd_open(pid)
    guard descriptor >= 0 else { return }
    // The pid may have changed hands before the descriptor was open.
    guard identity.incarnation.look() == .alive else {
      close(descriptor)
      ends.yield(identity)
      return
    }
    state.withLock { state in
      state.watches[identity] = ReadSource(descriptor, on: queue) { [weak self] in
        self?.end(identity)
        ends.yield(identity)
      }
    }
  }

  /// Ends a watch.
  func end(_ identity: PodIdentity) {
    state.withLock { $0.watches.removeValue(forKey: identity) }?.cancel()
  }
}
