import Foundation
import Synchronization

/// A process that a test started, with its output so far.
///
/// Its PID is never signaled after the process was reaped, since reaping and signaling use the same
/// lock. A process that is still running is killed when the object is dropped.
package final class RunningCommand: Sendable {
  /// One of the two output streams.
  package enum Stream: Int, Sendable {
    /// Standard output.
    case stdout
    /// Standard error.
    case stderr
  }

  /// The process ID, for reading /proc. Use ``send(_:)`` to signal the process.
  package let pid: pid_t

  private let command: Command
  private let record: Record

  /// Starts the command, as ``Command/start()`` does.
  ///
  /// - Throws: ``SpawnFailed``.
  init(_ command: Command) throws {
    self.command = command
    let output = try Pipe(for: command)
    let error = try Pipe(for: command)
    let input = command.input == nil ? nil : try Pipe(for: command)
    pid = try spawn(
      command, stdin: input?.reading.number, stdout: output.writing.number,
      stderr: error.writing.number)
    record = Record(pid: pid)
    for end in [output.writing, error.writing, input?.reading] { end?.close() }

    let record = record
    Thread.detachNewThread { record.read(output.reading, as: .stdout) }
    Thread.detachNewThread { record.read(error.reading, as: .stderr) }
    Thread.detachNewThread { record.reap() }
    if let input, let text = command.input {
      Thread.detachNewThread { input.writing.writeAll(text) }
    }
  }

  deinit { record.signal(SIGKILL) }

  /// Sends a signal if the process is still running.
  ///
  /// - Returns: Whether the signal was sent.
  @discardableResult
  package func send(_ signal: Int32) -> Bool { record.signal(signal) }

  /// The exit status. Nil while the process is running.
  package var status: ExitStatus? { record.contents.withLock { $0.status } }

  /// The output of a stream so far.
  package func text(_ stream: Stream = .stdout) -> String {
    record.contents.withLock { String(decoding: $0.output[stream.rawValue], as: UTF8.self) }
  }

  /// The complete lines of a stream so far, without their newlines.
  package func lines(_ stream: Stream = .stdout) -> [String] {
    var reader = LineReader(record: record, stream: stream)
    return reader.next()
  }

  /// Waits for a line. Checks all lines from the first one on.
  ///
  /// - Parameters:
  ///   - what: A description of the line, for the error.
  ///   - stream: The stream to read.
  ///   - within: The time limit.
  ///   - matches: Whether a line is the expected one.
  /// - Returns: The first line that matches, without its newline.
  /// - Throws: ``DeadlinePassed``; ``CommandFailed`` if the process exits without that line.
  @discardableResult
  package func line(
    _ what: String, in stream: Stream = .stdout, within: Duration = .seconds(180),
    where matches: (String) -> Bool
  ) async throws -> String {
    var reader = LineReader(record: record, stream: stream)
    return try await withState {
      try await eventually("a line that says \(what)", within: within) {
        let over = record.contents.withLock { $0.isComplete }
        if let line = reader.next().first(where: matches) { return line }
        if over { throw failure }
        return nil
      }
    }
  }

  /// Waits for a line that contains a text.
  ///
  /// - Parameters:
  ///   - text: A part of the line.
  ///   - stream: The stream to read.
  ///   - within: The time limit.
  /// - Returns: The first such line, without its newline.
  /// - Throws: ``DeadlinePassed``; ``CommandFailed`` if the process exits without that line.
  @discardableResult
  package func line(
    containing text: String, in stream: Stream = .stdout, within: Duration = .seconds(180)
  ) async throws -> String {
    try await line("“\(text)”", in: stream, within: within) { $0.contains(text) }
  }

  /// Waits until the process exits. Kills it at the deadline.
  ///
  /// - Throws: ``DeadlinePassed`` if the process was killed.
  @discardableResult
  package func exit(within: Duration = .seconds(180)) async throws -> ExitStatus {
    do {
      return try await withState {
        try await eventually("the end of \(command.program)", within: within) { status }
      }
    } catch {
      send(SIGKILL)
      throw error
    }
  }

  /// Waits until the process exits and its output ends.
  ///
  /// - Throws: ``DeadlinePassed`` if the process was killed, or another process holds its output
  ///   open.
  package func result(within: Duration = .seconds(180)) async throws -> CommandResult {
    try await exit(within: within)
    try await eventually("the end of the output of \(command.program)", within: .seconds(180)) {
      record.contents.withLock { $0.isComplete }
    }
    return resultSoFar
  }

  /// Adds to the error of a wait the state of the process: its threads, the machine's load and the
  /// last lines of the process.
  private nonisolated(nonsending) func withState<Value>(
    _ wait: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    do { return try await wait() } catch let late as DeadlinePassed {
      let last = [Stream.stderr, .stdout].flatMap { lines($0).suffix(5) }
      let state = ([ProcessState.of(pid), ProcessState.pressure] + last).joined(separator: "\n  ")
      throw DeadlinePassed(what: "\(late.what)\n  \(state)", within: late.within)
    }
  }

  private var resultSoFar: CommandResult {
    CommandResult(
      status: status ?? .signaled(0), stdout: text(.stdout), stderr: text(.stderr))
  }

  private var failure: CommandFailed {
    CommandFailed(
      command: ([command.program] + command.arguments).joined(separator: " "), result: resultSoFar)
  }
}

/// The state of a process, shared by the test and the threads that read and reap.
private final class Record: Sendable {
  struct Contents {
    var output: [[UInt8]] = [[], []]
    var openStreams = 2
    var status: ExitStatus?
    var isComplete: Bool { status != nil && openStreams == 0 }
  }

  let pid: pid_t
  let contents = Mutex(Contents())

  init(pid: pid_t) { self.pid = pid }

  @discardableResult
  func signal(_ number: Int32) -> Bool {
    contents.withLock { $0.status == nil && kill(pid, number) == 0 }
  }

  /// Waits without reaping, then reaps under the lock, so that no signal can reach a reused PID.
  func reap() {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    contents.withLock {
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1, errno == EINTR {}
      let signal = status & 0x7f
      $0.status = signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
    }
  }

  func read(_ end: FileEnd, as stream: RunningCommand.Stream) {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(end.number, &buffer, buffer.count)
      if count == -1, errno == EINTR { continue }
      if count <= 0 { break }
      contents.withLock { $0.output[stream.rawValue].append(contentsOf: buffer[..<count]) }
    }
    end.close()
    contents.withLock { $0.openStreams -= 1 }
  }
}

/// Splits the output of a stream into lines, and returns each of them once.
private struct LineReader {
  let record: Record
  let stream: RunningCommand.Stream
  private var offset = 0

  init(record: Record, stream: RunningCommand.Stream) {
    self.record = record
    self.stream = stream
  }

  mutating func next() -> [String] {
    let (fresh, complete) = record.contents.withLock {
      (Array($0.output[stream.rawValue][offset...]), $0.isComplete)
    }
    let end = complete ? fresh.endIndex : (fresh.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0)
    guard end > 0 else { return [] }
    offset += end
    var lines = fresh[..<end].split(separator: 0x0a, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }
}
