import Dispatch
import Glibc
import Synchronization

/// Watches a descriptor for input until it is canceled, which closes it.
///
/// A Dispatch source may be used from any thread; Dispatch just doesn't say so to the compiler.
public final class ReadSource: @unchecked Sendable {
  /// The descriptor.
  public let descriptor: Int32
  private let queue: DispatchQueue
  private let source: any DispatchSourceRead
  private let isPaused = Mutex(false)

  /// Watches a descriptor, which becomes the source's own.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor.
  ///   - queue: where the handler runs.
  ///   - ready: called whenever there is something to read, or the other end is closed.
  public init(
    _ descriptor: Int32, on queue: DispatchQueue, ready: @escaping @Sendable () -> Void
  ) {
    (self.descriptor, self.queue) = (descriptor, queue)
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler(handler: ready)
    source.setCancelHandler { close(descriptor) }
    source.activate()
  }

  /// Calls no handler for a while; what there is to read waits.
  public func pause(milliseconds: Int) {
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

  /// Ends the watch and closes the descriptor, once its handler doesn't run.
  public func cancel() {
    source.cancel()
    // A suspended source runs no cancel handler.
    resume()
  }
}
