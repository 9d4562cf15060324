import Concurrency
import DockerEngine
import Logging
import Glibc

/// Forwards one container's output to the pod's output, in whole lines with the service's name as
/// prefix.
///
/// The stream is attached before the container starts, so no output is lost, and a slow reader
/// blocks the container like any pipe. After the engine was unreachable, the rest is read from its
/// log; lines that were forwarded before are skipped by their number, so no line is written twice.
actor LogForwarder {
  private let engine: DockerEngine
  private let container: String
  private let service: String
  private let isTerminal: Bool
  /// False if the output is only collected for a message and not forwarded.
  private let isShown: Bool
  private let output: PodOutput
  private let splitLogs: SplitLogs?
  /// Whole lines that are not yet written to the service's own files.
  private var split: [OutputStreamKind: (lines: WholeLines, ready: [UInt8])] = [:]
  private let log: Logger
  /// The capacity of the engine's log of this container in bytes; nil if it isn't known.
  private let logCapacity: UInt64?
  private var standardOutput: LineAssembler
  private var standardError: LineAssembler
  private var tails = (standardOutput: OutputTail(), standardError: OutputTail())
  private let onDisconnect: @Sendable () async -> Void
  private var pump: Task<Void, Never>?
  /// The number of streams so far, by which an old stream is distinguished from the current one.
  private var stream = 0
  private var isForwarding = false
  /// Whether the log driver doesn't support reading.
  private var hasUnreadableLog = false
  private var resuming: Task<Void, any Error>?
  private var firstArrival: timespec?
  private var lastArrival: timespec?

  init(
    engine: DockerEngine, container: String, service: String, index: Int, isTerminal: Bool,
    isShown: Bool = true, output: PodOutput, splitLogs: SplitLogs? = nil, logCapacity: UInt64?,
    log: Logger,
    onDisconnect: @escaping @Sendable () async -> Void
  ) {
    self.onDisconnect = onDisconnect
    self.engine = engine
    self.container = container
    self.service = service
    self.isTerminal = isTerminal
    self.isShown = isShown
    self.output = output
    self.splitLogs = splitLogs
    self.logCapacity = logCapacity
    self.log = log
    let prefix = output.prefix(service: service, index: index)
    standardOutput = LineAssembler(prefix: prefix)
    standardError = LineAssembler(prefix: prefix)
  }

  /// The last lines of standard error; of standard output or the terminal if standard error is
  /// empty.
  var lastLines: [String] {
    let errors = tails.standardError.lines
    return errors.isEmpty ? tails.standardOutput.lines : errors
  }

  /// The last lines since the last start, for a report: those of standard output, then those of
  /// standard error.
  ///
  /// - Parameter count: the number of lines of each stream.
  /// - Returns: the lines.
  func lines(_ count: Int) -> [String] {
    tails.standardOutput.last(count) + tails.standardError.last(count)
  }

  /// Connects to the container's output, unless it is connected. Returns when the engine is
  /// attached.
  ///
  /// - Throws: `EngineError`; `CancellationError`.
  func attach() async throws {
    if isForwarding { return }
    // The reader may block the rest of the previous output for a long time.
    if let pump, !(await pump.hasEnded(within: .seconds(86_400), orCancelled: true)) {
      throw CancellationError()
    }
    let frames = try await engine.attach(container, tty: isTerminal)
    // Output of an earlier start is no evidence for the failure of the next one.
    tails = (OutputTail(), OutputTail())
    begin(frames, skipping: nil)
  }

  /// Waits until all output of the exited container is forwarded, or the limit has passed: the
  /// reader of the pod's output may have stopped reading.
  ///
  /// - Parameters:
  ///   - limit: the longest wait.
  ///   - givesWay: whether the wait stops when the task is canceled, since a later call drains the
  ///     output.
  func drain(within limit: Duration, givingWay givesWay: Bool = false) async {
    if let pump, !(await pump.hasEnded(within: limit, orCancelled: givesWay)) {
      if givesWay, Task.isCancelled { return }
      log.warning("the output of '\(service)' is not read in time: the rest of it is dropped")
      stop()
      return
    }
    pump = nil
    await flush()
  }

  /// Continues from the engine's log after the stream broke, until the container exits.
  ///
  /// - Throws: `EngineError` if the log can't be read.
  func resume() async throws {
    // Both the end of the stream and the return of the engine lead here; two readers would write
    // everything twice.
    while let resuming {
      if case .success = await resuming.result { return }
    }
    let task = Task {
      defer { self.resuming = nil }
      try await self.resumeFromLog()
    }
    resuming = task
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func resumeFromLog() async throws {
    stop()
    await pump?.value
    split = [:]
    standardOutput.dropPending()
    standardError.dropPending()
    do {
      try await readLog()
    } catch let error as EngineError where error.message.contains("does not support reading") {
      if !hasUnreadableLog {
        hasUnreadableLog = true
        log.warning(
          "output of '\(service)' from while the engine was away isn't in the sandbox: \(error.message)"
        )
        await output.notice(
          "output of '\(service)' from while the engine was away is missing: its log driver "
            + "can't be read")
      }
      guard try await engine.inspectContainer(container).state.running else { return }
      begin(try await engine.attach(container, tty: isTerminal), skipping: nil)
    }
  }

  private func readLog() async throws {
    if try await isLogWhole() {
      // Forwarded lines can be skipped by their number.
      let frames = try await engine.logs(
        container, tty: isTerminal, follow: true, timestamps: false)
      let skip = SkippedLines(
        standardOutput: LineSkipper(lines: standardOutput.lines),
        standardError: LineSkipper(lines: standardError.lines))
      begin(frames, skipping: skip)
      return
    }
    await output.notice(
      "output of '\(service)' from while the engine was away may be incomplete: "
        + "its log has been rotated")
    let since = lastArrival.map { Self.text($0) }
    let frames = try await engine.logs(
      container, tty: isTerminal, follow: true, timestamps: false, since: since)
    begin(frames, skipping: nil)
  }

  /// Whether the engine's log still has the container's first output. If so, no output was rotated
  /// away, neither forwarded output nor output from the outage.
  private func isLogWhole() async throws -> Bool {
    let forwarded = standardOutput.loggedBytes + standardError.loggedBytes
    guard let logCapacity, forwarded < logCapacity else { return false }
    guard logCapacity < .max, var moment = firstArrival else { return true }
    // The engine may record a line's time slightly later than it forwards the line.
    moment.tv_sec += 2
    return try await engine.hasOutput(
      container, tty: isTerminal, before: Self.text(moment))
  }

  private static func text(_ time: timespec) -> String {
    let digits = String(time.tv_nsec)
    return "\(time.tv_sec)." + String(repeating: "0", count: 9 - digits.count) + digits
  }

  /// Continues from the log if the stream has ended while the container is running.
  ///
  /// - Throws: `EngineError` if the log can't be read.
  func resumeIfEnded() async throws {
    if !isForwarding { try await resume() }
  }

  /// Disconnects from the stream.
  func stop() {
    stream += 1
    isForwarding = false
    pump?.cancel()
  }

  private func begin(_ frames: OutputFrames, skipping: SkippedLines?) {
    stream += 1
    isForwarding = true
    let number = stream
    pump = Task {
      await self.forward(frames, skipping: skipping)
      self.ended(number)
    }
  }

  private func ended(_ number: Int) {
    guard number == stream else { return }
    isForwarding = false
    // Not awaited: the callback may wait for the end of this stream.
    Task { await self.onDisconnect() }
  }

  private struct SkippedLines {
    var standardOutput: LineSkipper
    var standardError: LineSkipper
  }

  private func forward(_ frames: OutputFrames, skipping: SkippedLines?) async {
    var skip = skipping
    var lines: [UInt8] = []
    await splitLogs?.open(service)
    var iterator = frames.makeAsyncIterator()
    do {
      while let batch = try await iterator.nextBatch() {
        if firstArrival == nil { firstArrival = Self.now() }
        var stream = OutputStreamKind.stdout
        for frame in batch {
          // Written at each change of the stream, to keep the order of the two streams.
          if frame.stream != stream { await write(&lines, to: stream) }
          stream = frame.stream
          switch stream {
          case .stdout:
            let bytes = skip?.standardOutput.rest(of: frame.bytes) ?? frame.bytes
            tails.standardOutput.append(bytes)
            addToSplit(bytes, of: .stdout)
            standardOutput.feed(bytes, into: &lines)
          case .stderr:
            let bytes = skip?.standardError.rest(of: frame.bytes) ?? frame.bytes
            tails.standardError.append(bytes)
            addToSplit(bytes, of: .stderr)
            standardError.feed(bytes, into: &lines)
          }
        }
        await write(&lines, to: stream)
        await writeSplit()
        lastArrival = Self.now()
      }
    } catch {
      log.debug("the output of '\(service)' broke off: \(error)")
    }
  }

  private static func now() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }

  private func write(_ lines: inout [UInt8], to stream: OutputStreamKind) async {
    guard !lines.isEmpty else { return }
    guard isShown else {
      lines.removeAll()
      return
    }
    switch stream {
    case .stdout:
      await output.write(lines, standardOutput.piece(), of: service, to: stream)
    case .stderr:
      await output.write(lines, standardError.piece(), of: service, to: stream)
    }
    lines.removeAll(keepingCapacity: lines.capacity <= 1 << 19)
  }

  private func flush() async {
    var lines: [UInt8] = []
    standardOutput.finish(into: &lines)
    await write(&lines, to: .stdout)
    standardError.finish(into: &lines)
    await write(&lines, to: .stderr)
    for (stream, entry) in split {
      var entry = entry
      entry.ready += entry.lines.rest()
      split[stream] = entry
    }
    await writeSplit()
  }

  private func addToSplit(_ bytes: [UInt8], of stream: OutputStreamKind) {
    guard splitLogs != nil else { return }
    var entry = split.removeValue(forKey: stream) ?? (WholeLines(), [])
    entry.ready += entry.lines.take(bytes)
    split[stream] = entry
  }

  private func writeSplit() async {
    for (stream, entry) in split where !entry.ready.isEmpty {
      split[stream]?.ready = []
      await splitLogs?.write(
        entry.ready, of: service, stream: stream == .stdout ? "stdout" : "stderr")
    }
  }
}
