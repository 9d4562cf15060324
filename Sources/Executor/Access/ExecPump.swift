import CLinux
import DockerEngine
import Glibc

/// Transfers the three standard streams between this process and a command in a container, on one
/// thread.
///
/// Each direction buffers one piece of at most 32 KiB. Therefore a slow reader blocks the command,
/// and a slow command blocks the writer, but neither direction blocks the other.
final class ExecPump: Sendable {
  /// The reason why `run` returned.
  enum Outcome: Sendable {
    /// The command has exited or closed its outputs.
    case ended
    /// An output of this process can't be written; the value is the error's number (errno).
    case outputFailed(Int32, OutputStreamKind)
  }

  private let start: ExecStart
  private let input: Int32
  private let outputs: (Int32, Int32)
  private let onStart: @Sendable () -> Void

  /// Prepares the transfer without sending anything.
  ///
  /// - Parameters:
  ///   - start: the start of the command.
  ///   - input: the descriptor of the command's input.
  ///   - outputs: the descriptors for its standard output and standard error.
  ///   - onStart: called after the command has been started.
  init(
    _ start: ExecStart, input: Int32 = STDIN_FILENO,
    outputs: (Int32, Int32) = (STDOUT_FILENO, STDERR_FILENO),
    onStart: @escaping @Sendable () -> Void
  ) {
    (self.start, self.input, self.outputs, self.onStart) = (start, input, outputs, onStart)
  }

  /// Starts the command and transfers its streams until they end. It blocks the thread.
  ///
  /// - Returns: the reason why it returned.
  /// - Throws: `EngineError`.
  func run() throws -> Outcome {
    let stream = try start.open()
    onStart()
    var work = Work(stream: stream, input: input, outputs: outputs)
    while true { if let outcome = try work.step() { return outcome } }
  }

  private struct Work {
    let stream: ExecStream
    let input: Int32
    let outputs: (Int32, Int32)
    /// Input that was read but not sent yet.
    var pending: ArraySlice<UInt8> = []
    var isInputOver = false
    /// Output that was received but not written yet.
    var frames: ArraySlice<OutputFrame> = []
    var written = 0
    /// Whether the last receive returned nothing.
    var isDry = false
    var chunk = [UInt8](repeating: 0, count: 32 << 10)

    init(stream: ExecStream, input: Int32, outputs: (Int32, Int32)) {
      (self.stream, self.input, self.outputs) = (stream, input, outputs)
    }

    /// Waits until a stream is ready, and transfers data.
    mutating func step() throws -> Outcome? {
      let receives = frames.isEmpty
      var socket = pollfd(fd: stream.descriptor, events: 0, revents: 0)
      if receives { socket.events |= Int16(POLLIN) }
      if !pending.isEmpty { socket.events |= Int16(POLLOUT) }
      let reads = pending.isEmpty && !isInputOver
      var polls = [
        socket, pollfd(fd: reads ? input : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: frames.first.map(descriptor) ?? -1, events: Int16(POLLOUT), revents: 0),
      ]
      // While output is waiting to be written, a broken connection would wake `poll` without
      // anything to do.
      if socket.events == 0 { polls[0].fd = -1 }
      guard poll(&polls, 3, receives && !isDry ? 0 : -1) >= 0 || errno == EINTR else {
        throw EngineError(kind: .unreachable, message: "poll: \(String(cString: strerror(errno)))")
      }
      if polls[2].revents != 0, let failure = write() { return failure }
      if polls[1].revents != 0 { read() }
      if polls[0].revents & Int16(POLLOUT) != 0 { send() }
      if receives, !isDry || polls[0].revents != 0 { return try receive() ? .ended : nil }
      return nil
    }

    private func descriptor(_ frame: OutputFrame) -> Int32 {
      frame.stream == .stdout ? outputs.0 : outputs.1
    }

    /// Receives output; true at its end.
    private mutating func receive() throws -> Bool {
      switch try stream.receive() {
      case .later: isDry = true
      case .end: return true
      case .frames(let frames):
        isDry = false
        self.frames = frames.filter { !$0.bytes.isEmpty }[...]
      }
      return false
    }

    /// Writes a piece of output; returns the outcome of a failure.
    private mutating func write() -> Outcome? {
      guard let frame = frames.first else { return nil }
      let file = descriptor(frame)
      // A writable pipe accepts PIPE_BUF bytes without blocking.
      var status = stat()
      let isPipe = fstat(file, &status) != 0 || status.st_mode & S_IFMT == S_IFIFO
      let most = isPipe ? Int(PIPE_BUF) : frame.bytes.count
      let count = frame.bytes.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...].prefix(most))
        return Glibc.write(file, rest.baseAddress, rest.count)
      }
      if count < 0 {
        let error = errno
        return error == EAGAIN || error == EINTR ? nil : .outputFailed(error, frame.stream)
      }
      written += count
      if written == frame.bytes.count {
        frames.removeFirst()
        written = 0
      }
      return nil
    }

    private mutating func read() {
      let count = Glibc.read(input, &chunk, chunk.count)
      if count > 0 {
        pending = chunk[..<count]
        send()
      } else if count == 0 || errno != EAGAIN && errno != EINTR {
        isInputOver = true
        stream.finishInput()
      }
    }

    private mutating func send() {
      do {
        pending = pending.dropFirst(try stream.send(pending))
      } catch {
        // The command has closed its input, but its output still arrives.
        pending = []
        isInputOver = true
      }
    }
  }
}
