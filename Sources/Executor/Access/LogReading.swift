import DockerEngine
import PodObjects
import PodRuntime
import Program

/// What of the logs is read.
struct LogRange: Sendable {
  /// From when on, in nanoseconds since 1970.
  var since: Int64?
  /// Until when.
  var until: Int64?
  /// How many of each container's last lines; nil for all.
  var tail: Int?
}

/// The log of one container, as it is read and printed.
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
  ///   - range: what is read.
  ///   - renderer: how it is printed.
  init(
    _ container: ListedContainer, isTerminal: Bool, engine: DockerEngine, range: LogRange,
    renderer: LogRenderer
  ) {
    (self.container, self.engine, self.range) = (container, engine, range)
    (self.renderer, self.isTerminal) = (renderer, isTerminal)
    cutter = LogCutter(isTerminal: isTerminal)
  }

  /// Opens the log, or opens it again where the last reading ended.
  ///
  /// - Parameter follow: whether it goes on until the container exits.
  /// - Returns: the log.
  /// - Throws: `EngineError`.
  func open(follow: Bool) async throws -> OutputFrames.AsyncIterator {
    // Without a line so far nothing older than the first reading is wanted.
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

  /// Cuts what has come into lines.
  ///
  /// - Parameters:
  ///   - batch: what has come; nil at the end of all.
  ///   - take: takes each line.
  func lines(of batch: [OutputFrame]?, _ take: (LogLine) -> Void) {
    let until = range.until ?? .max
    let filtered = { (line: LogLine) in if line.moment <= until { take(line) } }
    guard let batch else { return cutter.finish(filtered) }
    for frame in batch { cutter.feed(frame, filtered) }
  }

  /// Prints what has come; returns false once nobody reads it.
  ///
  /// - Parameters:
  ///   - batch: what has come; nil at the end of all.
  ///   - output: where.
  /// - Returns: whether there is a reader.
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

  /// Appends a line as it is printed.
  func append(_ line: LogLine, to text: inout [UInt8]) { renderer.append(line, to: &text) }
}

/// Prints the logs of containers that are there, in the order of their lines' times.
struct MergedLogs {
  private struct Source {
    let log: ContainerLog
    var iterator: OutputFrames.AsyncIterator
    var text: [UInt8] = []
    /// Each line's time, and where its text ends.
    var lines: [(moment: Int64, isOpen: Bool, end: Int)] = []
    var position = 0
    var isOver = false

    /// Reads until there is a line, or the log has ended.
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

    /// Appends the next line, and those after it up to a moment; what belongs to one line stays together.
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
  ///   - output: where.
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
