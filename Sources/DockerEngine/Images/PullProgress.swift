import HTTPClient

/// A progress message of a pull (Engine API, "CreateImageInfo").
package struct PullProgress: Sendable, Hashable {
  /// The layer, or the tag if the message concerns the whole image. Nil for the final message.
  package let id: String?
  /// The current action, such as `Downloading`, `Extracting` or `Pull complete`.
  package let status: String
  /// The number of bytes done. Nil if the engine doesn't report it.
  package let current: Int?
  /// The total number of bytes. Nil if the engine doesn't report it.
  package let total: Int?
}

/// The progress of a pull. The pull is complete when the sequence ends, and has failed when the
/// sequence throws.
///
/// For one consumer. The pull stops when the sequence is dropped, or when the task that waits for
/// it is canceled.
package struct PullProgressSequence: AsyncSequence, Sendable {
  /// A progress message.
  package typealias Element = PullProgress

  let body: HTTPBody
  let call: EngineCall

  /// Reads progress messages from the stream.
  package struct AsyncIterator: AsyncIteratorProtocol {
    private var messages: JSONObjectReader<PullMessage>
    private let call: EngineCall

    init(_ sequence: PullProgressSequence) {
      messages = JSONObjectReader(sequence.body, sequence.call)
      call = sequence.call
    }

    /// The next progress message. Nil when the pull is complete.
    /// - Throws: `EngineError`: 404 if there is no such image, 401 if the registry requires other
    ///   credentials; `CancellationError`.
    package mutating func next(
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

  /// Creates the only iterator of the sequence.
  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Stops the pull now. A task that waits for a progress message gets `CancellationError`.
  package func cancel() { body.cancel() }
}

/// One object in the stream of a pull.
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

/// The error of a failed pull. Engines put the registry's response into the text, with status 500
/// or without a status.
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
