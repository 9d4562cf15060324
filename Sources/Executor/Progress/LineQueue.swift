import Concurrency
import PodRuntime

/// Prints lines one after the other in a task of its own, so that the code that adds a line never
/// waits.
struct LineQueue: Sendable {
  private let lines: AsyncStream<[UInt8]>.Continuation
  private let writing: Task<Void, Never>

  /// A queue that prints to a writer.
  ///
  /// - Parameter writer: prints the lines.
  init(_ writer: OutputWriter) {
    let (stream, lines) = AsyncStream.makeStream(of: [UInt8].self)
    self.lines = lines
    writing = Task { for await line in stream { await writer.write(line) } }
  }

  /// Adds a line.
  ///
  /// - Parameter line: the line, with its line feed.
  /// - Returns: false once the queue has been closed.
  @discardableResult
  func add(_ line: [UInt8]) -> Bool {
    if case .terminated = lines.yield(line) { false } else { true }
  }

  /// Waits until all lines are printed, but no longer than a limit.
  func end(within limit: Duration) async {
    lines.finish()
    _ = await writing.hasEnded(within: limit)
  }
}
