/// The body of a streamed response: bytes as they arrive, in pieces of any size.
///
/// At most about 1.25 MiB are buffered for the consumer. Then the server must wait. Data that
/// arrived while the consumer was busy comes in one piece. The sequence is for one consumer; if
/// there are two, each gets a part of the pieces. The transfer ends when the task that waits for a
/// piece is canceled, or when the body and its iterators are dropped.
package struct HTTPBody: AsyncSequence, Sendable {
  /// A piece of the body, never empty.
  package typealias Element = [UInt8]

  /// Ends the transfer when the body can no longer be read.
  final class Handle: Sendable {
    let exchange: Exchange
    init(exchange: Exchange) { self.exchange = exchange }
    deinit { exchange.cancel() }
  }

  let handle: Handle

  /// Reads pieces of the body.
  package struct AsyncIterator: AsyncIteratorProtocol {
    let handle: Handle

    /// The next piece. Nil at the end of the body. Runs on the caller's actor, without a thread
    /// switch if a piece has already arrived.
    /// - Throws: `HTTPError` if the connection breaks before the end; `CancellationError`.
    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> [UInt8]? {
      try await handle.exchange.nextPiece(isolation: actor)
    }
  }

  /// Creates an iterator. All iterators share the same pieces.
  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: handle) }

  /// Ends the transfer now. A task that waits for a piece gets `CancellationError`.
  package func cancel() { handle.exchange.cancel() }

  /// The number of bytes that have arrived and are buffered for the consumer.
  package var bufferedByteCount: Int { handle.exchange.bufferedByteCount }

  /// Reads the rest of the body.
  /// - Throws: `HTTPError`, of kind `tooLarge` for more than `limit` bytes; `CancellationError`.
  package func collect(upTo limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    for try await piece in self {
      guard all.count + piece.count <= limit else {
        cancel()
        throw handle.exchange.error(.tooLarge, "the response is larger than \(limit) bytes")
      }
      all += piece
    }
    return all
  }
}
