import Concurrency
import PodRuntime

/// Lines that are printed one after the other by a task of their own: whoever adds one is never held up.
struct LineQueue: Sendable {
  private let lines: AsyncStream<[UInt8]>.Continuation
  private let writing: Task<Void, Never>

  /// Prints to a writer.
  ///
  /// - Parameter writer: what prints.
  init(_ writer: OutputWriter) {
    let (stream, lines) = AsyncStream.makeStream(of: [UInt8].self)
    self.lines = lines
    writing = Task { for await line in stream { await writer.write(line) } }
  }

  /// Adds a line.
  ///
  /// - Parameter line: the line, with its end.
  /// - Returns: false once the queue has ended.
  @discardableResult
  func add(_ line: [UInt8]) -> Bool {
    if case .terminated = lines.yield(line) { false } else { true }
  }

  /// Waits until all are printed, at most so long.
  func end(within limit: Duration) async {
    lines.finish()
    _ = await writing.hasEnded(within: limit)
  }
}
