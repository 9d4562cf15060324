/// The body of a streamed answer: bytes as they arrive, in pieces of no particular size.
///
/// At most about 1.25 MiB wait for the consumer; after that the server has to. What arrived while the consumer was
/// away comes in one piece. The sequence is for one consumer: two share the pieces between them. Cancelling the
/// task that waits for a piece, or dropping the body and its iterators, ends the transfer.
public struct HTTPBody: AsyncSequence, Sendable {
  /// A piece of the body, never empty.
  public typealias Element = [UInt8]

  /// Ends the transfer when nobody can read the body any more.
  final class Handle: Sendable {
    let exchange: Exchange
    init(exchange: Exchange) { self.exchange = exchange }
    deinit { exchange.cancel() }
  }

  let handle: Handle

  /// Takes pieces off the body.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let handle: Handle

    /// The next piece; nil at the end of the body. Runs where the caller does, without a change of thread for a piece
    /// that is there already.
    /// - Throws: `HTTPError` if the connection breaks first, `CancellationError`.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> [UInt8]? {
      try await handle.exchange.nextPiece(isolation: actor)
    }
  }

  /// An iterator; all of them take from one place.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: handle) }

  /// Ends the transfer now; who waits for a piece gets `CancellationError`.
  public func cancel() { handle.exchange.cancel() }

  /// Bytes that have arrived and wait for the consumer.
  public var bufferedByteCount: Int { handle.exchange.bufferedByteCount }

  /// The rest of the body in one piece.
  /// - Throws: `HTTPError`, of kind `tooLarge` for more than `limit` bytes; `CancellationError`.
  public func collect(upTo limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    for try await piece in self {
      guard all.count + piece.count <= limit else {
        cancel()
        throw handle.exchange.error(.tooLarge, "the answer is larger than \(limit) bytes")
      }
      all += piece
    }
    return all
  }
}
