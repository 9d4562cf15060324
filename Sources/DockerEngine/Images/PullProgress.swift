import HTTPClient

/// A step of a pull (Engine API, "CreateImageInfo").
public struct PullProgress: Sendable, Hashable {
  /// The layer, or the tag for what concerns the whole image; nil for closing words.
  public let id: String?
  /// What is being done: `Downloading`, `Extracting`, `Pull complete`, …
  public let status: String
  /// Bytes done, where the engine says.
  public let current: Int?
  /// Bytes in all, where the engine says.
  public let total: Int?
}

/// A pull's progress. The pull is complete when the sequence ends, and has failed when it throws.
///
/// For one consumer. Dropping it, or cancelling the task that waits, ends the pull.
public struct PullProgressSequence: AsyncSequence, Sendable {
  /// A step.
  public typealias Element = PullProgress

  let body: HTTPBody
  let call: EngineCall

  /// Takes steps off the stream.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private var messages: JSONObjectReader<PullMessage>
    private let call: EngineCall

    init(_ sequence: PullProgressSequence) {
      messages = JSONObjectReader(sequence.body, sequence.call)
      call = sequence.call
    }

    /// The next step; nil when the image is there.
    /// - Throws: `EngineError`: 404 where there is no such image, 401 where the registry wants other credentials; `CancellationError`.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> PullProgress? {
      guard let message = try await messages.next(isolation: actor) else { return nil }
      if let text = message.errorDetail?.message ?? message.error {
        throw pullError(call, status: message.errorDetail?.code, text)
      }
      return PullProgress(
        id: message.id, status: message.status ?? "", current: message.progressDetail?.current,
        total: message.progressDetail?.total)
    }
  }

  /// An iterator; make one only.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Ends the pull now; who waits for a step gets `CancellationError`.
  public func cancel() { body.cancel() }
}

/// One object of a pull's stream.
struct PullMessage: Decodable {
  struct Progress: Decodable {
    let current: Int?
    let total: Int?
  }

  struct Fault: Decodable {
    let code: Int?
    let message: String?
  }

  let id: String?
  let status: String?
  let progressDetail: Progress?
  let error: String?
  let errorDetail: Fault?
}

/// A failed pull's error. Engines hide what a registry answered in the text, under 500 or no status at all.
func pullError(_ call: EngineCall, status: Int?, _ text: String) -> EngineError {
  let words = text.lowercased()
  let missing = [
    "manifest unknown", "not found", "no such image", "repository does not exist", "name unknown",
  ]
  let refused = [
    "unauthorized", "authentication required", "no basic auth credentials",
    "incorrect username or password", "access denied", "access to the resource is denied",
  ]
  if missing.contains(where: { words.contains($0) }) { return call.error(.status(404), text) }
  if refused.contains(where: { words.contains($0) }) { return call.error(.status(401), text) }
  return call.error(.status(status ?? 500), text)
}
