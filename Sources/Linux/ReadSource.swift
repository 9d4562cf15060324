import Dispatch
import Glibc

/// Watches a descriptor for input until it is canceled, which closes it.
///
/// A Dispatch source may be used from any thread; Dispatch just doesn't say so to the compiler.
public final class ReadSource: @unchecked Sendable {
  private let source: any DispatchSourceRead

  /// Watches a descriptor, which becomes the source's own.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor.
  ///   - queue: where the handler runs.
  ///   - ready: called whenever there is something to read, or the other end is closed.
  public init(
    _ descriptor: Int32, on queue: DispatchQueue, ready: @escaping @Sendable () -> Void
  ) {
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler(handler: ready)
    source.setCancelHandler { close(descriptor) }
    source.activate()
  }

  /// Ends the watch and closes the descriptor, once its handler doesn't run.
  public func cancel() { source.cancel() }
}
