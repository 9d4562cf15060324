import CLinux
import Dispatch
import Glibc
import Linux
import PodIdentity
import Synchronization

/// Watches living executors by pidfd: the kernel reports each exit immediately.
final class PidfdMonitor: Sendable {
  private struct State {
    var watches: [PodIdentity: ReadSource] = [:]
    var ends: AsyncStream<PodIdentity>.Continuation?
  }
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "pidfds")

  /// The incarnations that exit from now on. No process is watched before the first call.
  func ends() -> AsyncStream<PodIdentity> {
    let (stream, ends) = AsyncStream.makeStream(of: PodIdentity.self)
    state.withLock { $0.ends = ends }
    return stream
  }

  /// Watches an incarnation whose process was just found alive.
  func watch(_ identity: PodIdentity) {
    guard let pid = identity.incarnation.pid,
      let ends = state.withLock({ $0.watches[identity] == nil ? $0.ends : nil })
    else { return }
    let descriptor = linux_pidfd_open(pid)
    guard descriptor >= 0 else { return }
    // The PID may have been reused before the descriptor was opened.
    guard identity.incarnation.inspect() == .alive else {
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

  /// Stops watching an incarnation.
  func end(_ identity: PodIdentity) {
    state.withLock { $0.watches.removeValue(forKey: identity) }?.cancel()
  }
}
