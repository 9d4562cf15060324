import HTTPClient

/// A container's output as it arrives, in pieces of bounded size. At most about 1.25 MiB are
/// buffered for the consumer.
///
/// For one consumer. The stream stops when the sequence is dropped, or when the task that waits for
/// it is canceled. The container continues to run.
package struct OutputFrames: AsyncSequence, Sendable {
  /// A piece of output.
  package typealias Element = OutputFrame

  let body: HTTPBody
  let call: EngineCall
  let isMultiplexed: Bool

  /// Reads pieces of output.
  package struct AsyncIterator: AsyncIteratorProtocol {
    private var pieces: HTTPBody.AsyncIterator
    private let call: EngineCall
    private let isMultiplexed: Bool
    private var demultiplexer = Demultiplexer()
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ frames: OutputFrames) {
      pieces = frames.body.makeAsyncIterator()
      call = frames.call
      isMultiplexed = frames.isMultiplexed
    }

    /// The next piece. Nil at the end of the output.
    /// - Throws: `EngineError` of kind `unreachable` if the connection breaks, `malformed` if the
    ///   stream doesn't follow the Engine API; `CancellationError`.
    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> OutputFrame? {
      while true {
        if isMultiplexed, position < bytes.count, let frame = try nextFrame() { return frame }
        guard let piece = try await nextPiece(isolation: actor) else {
          guard !demultiplexer.isInsideFrame else {
            throw call.error(.unreachable, "the output broke off in the middle of a frame")
          }
          return nil
        }
        guard isMultiplexed else {
          return OutputFrame(stream: .stdout, bytes: piece, isStart: false)
        }
        bytes = piece
        position = 0
      }
    }

    /// All pieces that have arrived, at least one. Nil at the end of the output. Faster than piece
    /// by piece.
    /// - Throws: The errors of `next`.
    package mutating func nextBatch(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> [OutputFrame]? {
      guard let first = try await next(isolation: actor) else { return nil }
      var batch = [first]
      while isMultiplexed, position < bytes.count, let frame = try nextFrame() {
        batch.append(frame)
      }
      return batch
    }

    private mutating func nextFrame() throws -> OutputFrame? {
      do throws(Demultiplexer.Fault) {
        return try demultiplexer.next(in: bytes, at: &position)
      } catch {
        throw call.error(.malformed, error.message)
      }
    }

    private mutating func nextPiece(isolation actor: isolated (any Actor)?) async throws -> [UInt8]?
    {
      do {
        return try await pieces.next(isolation: actor)
      } catch let error as HTTPError {
        throw call.error(error)
      }
    }
  }

  /// Creates the only iterator of the sequence.
  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Stops the stream now. A task that waits for a piece gets `CancellationError`.
  package func cancel() { body.cancel() }

  /// The number of bytes that have arrived and are buffered for the consumer.
  package var bufferedByteCount: Int { body.bufferedByteCount }
}
