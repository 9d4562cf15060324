import Dispatch
import Glibc
import Synchronization

/// Watches a descriptor for input until it is canceled, and then closes it.
///
/// The type is `@unchecked Sendable` because Dispatch sources are thread-safe but not declared so.
package final class ReadSource: @unchecked Sendable {
  /// The descriptor.
  package let descriptor: Int32
  private let queue: DispatchQueue
  private let source: any DispatchSourceRead
  private let isPaused = Mutex(false)

  /// Starts to watch a descriptor, and takes ownership of it.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor.
  ///   - queue: the queue on which the handler runs.
  ///   - ready: is called whenever there is input, or the other end is closed.
  package init(
    _ descriptor: Int32, on queue: DispatchQueue, ready: @escaping @Sendable () -> Void
  ) {
    (self.descriptor, self.queue) = (descriptor, queue)
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler(handler: ready)
    source.setCancelHandler { close(descriptor) }
    source.activate()
  }

  /// Suspends the handler for a time. Input stays in the kernel's buffer meanwhile.
  package func pause(milliseconds: Int) {
    let isFirst = isPaused.withLock { isPaused in
      defer { isPaused = true }
      if !isPaused { source.suspend() }
      return !isPaused
    }
    if isFirst {
      queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { self.resume() }
    }
  }

  private func resume() {
    isPaused.withLock { isPaused in
      if isPaused { source.resume() }
      isPaused = false
    }
  }

  /// Stops watching, and closes the descriptor after a running handler has returned.
  package func cancel() {
    source.cancel()
    // A suspended source runs no cancel handler.
    resume()
  }
}
