import CLinux
import Dispatch
import Glibc
import PodIdentity
import Synchronization

/// Pidfds on the executors that live: the kernel reports each end as it happens.
final class ProcessWatches: Sendable {
  /// A source may be used from any thread; Dispatch just doesn't say so to the compiler.
  private struct Watch: @unchecked Sendable {
    let source: any DispatchSourceRead
  }
  private struct State {
    var watches: [PodIdentity: Watch] = [:]
    var report: (@Sendable (PodIdentity) -> Void)?
  }
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "process watches")

  /// Has ends reported from now on; without a listener nothing is watched.
  func listen(_ report: @escaping @Sendable (PodIdentity) -> Void) {
    state.withLock { $0.report = report }
  }

  /// Watches an incarnation whose process has just been seen alive.
  func begin(_ identity: PodIdentity) {
    guard let pid = identity.incarnation.pid,
      let report = state.withLock({ $0.watches[identity] == nil ? $0.report : nil })
    else { return }
    let descriptor = linux_pidfd_open(pid)
    guard descriptor >= 0 else { return }
    // The pid may have changed hands before the descriptor was open.
    guard identity.incarnation.look() == .alive else {
      close(descriptor)
      report(identity)
      return
    }
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler { [weak self] in
      self?.end(identity)
      report(identity)
    }
    source.setCancelHandler { close(descriptor) }
    let watch = Watch(source: source)
    state.withLock { $0.watches[identity] = watch }
    source.activate()
  }

  /// Ends a watch.
  func end(_ identity: PodIdentity) {
    state.withLock { $0.watches.removeValue(forKey: identity) }?.source.cancel()
  }
}
