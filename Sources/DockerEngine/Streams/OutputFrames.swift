import HTTPClient

/// A container's output as it comes, in pieces of bounded size; about 1.25 MiB of it may wait for the consumer.
///
/// For one consumer. Dropping it, or cancelling the task that waits, ends the stream; the container goes on.
public struct OutputFrames: AsyncSequence, Sendable {
  /// A piece of output.
  public typealias Element = OutputFrame

  let body: HTTPBody
  let call: EngineCall
  let isMultiplexed: Bool

  /// Takes pieces off the output.
  public struct AsyncIterator: AsyncIteratorProtocol {
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

    /// The next piece; nil at the end of the output.
    /// - Throws: `EngineError` of kind `unreachable` if the connection breaks, `malformed` if the stream is not what it should be; `CancellationError`.
    public mutating func next(
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

    /// All that has arrived, at least one piece; nil at the end of the output. Cheaper than piece by piece.
    /// - Throws: As `next`.
    public mutating func nextBatch(
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

  /// An iterator; make one only.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Ends the stream now; who waits for a piece gets `CancellationError`.
  public func cancel() { body.cancel() }

  /// Bytes that have arrived and wait for the consumer.
  public var bufferedByteCount: Int { body.bufferedByteCount }
}
