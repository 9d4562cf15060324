import DockerEngine
import PodObjects
import PodRuntime
import Program

/// The part of the logs that is read.
struct LogRange: Sendable {
  /// The beginning, in nanoseconds since 1970.
  var since: Int64?
  /// The end, in nanoseconds since 1970.
  var until: Int64?
  /// The number of last lines of each container; nil for all.
  var tail: Int?
}

/// The log of one container while it is read and printed.
final class ContainerLog {
  let container: ListedContainer
  private let engine: DockerEngine
  private let range: LogRange
  private let renderer: LogRenderer
  private var cutter: LogCutter
  private let isTerminal: Bool
  private var opened: Int64?

  /// Prepares to read.
  ///
  /// - Parameters:
  ///   - container: the container.
  ///   - isTerminal: whether it has a terminal.
  ///   - engine: its engine.
  ///   - range: the part that is read.
  ///   - renderer: formats the lines.
  init(
    _ container: ListedContainer, isTerminal: Bool, engine: DockerEngine, range: LogRange,
    renderer: LogRenderer
  ) {
    (self.container, self.engine, self.range) = (container, engine, range)
    (self.renderer, self.isTerminal) = (renderer, isTerminal)
    cutter = LogCutter(isTerminal: isTerminal)
  }

  /// Opens the log, or opens it again where the previous reading stopped.
  ///
  /// - Parameter follow: whether reading continues until the container exits.
  /// - Returns: the log.
  /// - Throws: `EngineError`.
  func open(follow: Bool) async throws -> OutputFrames.AsyncIterator {
    // Without a line so far, lines before the first reading are not wanted.
    let resumption = cutter.resumption ?? (range.tail == 0 ? opened : nil)
    let isFirst = opened == nil
    if isFirst { opened = LogTime.now } else { cutter.resume() }
    let since = resumption ?? range.since
    let canEnd = try await engine.ability().has(.logsUntil)
    let frames = try await engine.logs(
      container.id, tty: isTerminal, follow: follow, timestamps: true,
      since: since.map(LogTime.text), until: canEnd ? range.until.map(LogTime.text) : nil,
      tail: resumption == nil ? range.tail.map(String.init) : nil)
    return frames.makeAsyncIterator()
  }

  /// Splits output into lines.
  ///
  /// - Parameters:
  ///   - batch: the output; nil at the end of the log.
  ///   - take: receives each line.
  func lines(of batch: [OutputFrame]?, _ take: (LogLine) -> Void) {
    let until = range.until ?? .max
    let filtered = { (line: LogLine) in if line.moment <= until { take(line) } }
    guard let batch else { return cutter.finish(filtered) }
    for frame in batch { cutter.feed(frame, filtered) }
  }

  /// Prints output.
  ///
  /// - Parameters:
  ///   - batch: the output; nil at the end of the log.
  ///   - output: the writer.
  /// - Returns: false once the output has no reader.
  func print(_ batch: [OutputFrame]?, to output: OutputWriter) async -> Bool {
    var text: [UInt8] = []
    var isInside: (first: Bool, last: Bool)?
    lines(of: batch) { line in
      renderer.append(line, to: &text)
      isInside = (isInside?.first ?? line.continues, line.isOpen)
    }
    guard let isInside else { return true }
    await output.write(
      text, renderer.piece(continues: isInside.first, isOpen: isInside.last))
    return await !output.isBroken
  }

  /// Appends a line in the format of the output.
  func append(_ line: LogLine, to text: inout [UInt8]) { renderer.append(line, to: &text) }
}

/// Prints the logs of existing containers, merged by the times of their lines.
struct MergedLogs {
  private struct Source {
    let log: ContainerLog
    var iterator: OutputFrames.AsyncIterator
    var text: [UInt8] = []
    /// The time of each line, and the end of its text.
    var lines: [(moment: Int64, isOpen: Bool, end: Int)] = []
    var position = 0
    var isOver = false

    /// Reads until there is a line or the log has ended.
    mutating func fill() async throws {
      while position == lines.count, !isOver {
        text.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        position = 0
        let batch = try await iterator.nextBatch()
        isOver = batch == nil
        log.lines(of: batch) { line in
          log.append(line, to: &text)
          lines.append((line.moment, line.isOpen, text.count))
        }
      }
    }

    var next: Int64? { position < lines.count ? lines[position].moment : nil }

    /// Appends the next line and the following ones up to a time. Parts of one line stay together.
    mutating func take(upTo limit: Int64, into output: inout [UInt8]) async throws {
      var isInside = true
      while let moment = next, isInside || moment <= limit {
        output += text[(position == 0 ? 0 : lines[position - 1].end)..<lines[position].end]
        isInside = lines[position].isOpen
        position += 1
        if isInside { try await fill() }
      }
      try await fill()
    }
  }

  /// Prints logs.
  ///
  /// - Parameters:
  ///   - logs: the logs.
  ///   - output: the writer.
  /// - Throws: `EngineError`.
  static func print(_ logs: [(ContainerLog, OutputFrames.AsyncIterator)], to output: OutputWriter)
    async throws
  {
    var sources = logs.map { Source(log: $0.0, iterator: $0.1) }
    var text: [UInt8] = []
    for index in sources.indices { try await sources[index].fill() }
    while true {
      var first: Int?
      var limit = Int64.max
      for index in sources.indices {
        guard let next = sources[index].next else { continue }
        if let best = first, let moment = sources[best].next {
          if next < moment {
            (first, limit) = (index, moment)
          } else {
            limit = min(limit, next)
          }
        } else {
          first = index
        }
      }
      guard let first else { break }
      try await sources[first].take(upTo: limit, into: &text)
      if text.count >= 64 << 10 {
        await output.write(text)
        text.removeAll(keepingCapacity: true)
        if await output.isBroken { return }
      }
    }
    await output.write(text)
  }
}
