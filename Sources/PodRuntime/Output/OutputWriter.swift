import Dispatch
import Glibc
import Synchronization

/// What lines of a service are, beside their bytes: whole lines, but for one that is too long to be
/// kept.
struct OutputPiece: Sendable {
  /// What is written before each of its lines.
  var prefix: [UInt8]
  /// The first line's beginning was in the piece before.
  var continuesLine: Bool
  /// The last line's end is in the piece that follows.
  var isOpen: Bool
}

/// Writes to a file descriptor in order, on a thread that may block: whoever awaits a write is held back as
/// long as the reader at the other end is slow, and nothing else waits.
public actor OutputWriter {
  private let executor: QueueExecutor
  private let descriptor: Int32
  private var isBroken = false
  private let waiting = Atomic(0)
  /// Before the line that has no end so far: the prefix; nil where the last line is whole.
  private var openLine: [UInt8]?

  /// The serial queue that writes happen on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Writes to an open descriptor, which stays the caller's.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
    executor = QueueExecutor(label: "output-\(descriptor)")
  }

  /// How many bytes it was given that nobody has taken. Unlike all else here it answers at once, also while a write
  /// blocks.
  public nonisolated var unwritten: Int { waiting.load(ordering: .relaxed) }

  /// Writes whole lines. Once the reader is gone the rest is dropped: a pod outlives its reader.
  public nonisolated func write(_ bytes: [UInt8]) async {
    waiting.add(bytes.count, ordering: .relaxed)
    await take(bytes)
  }

  /// Writes a line.
  public nonisolated func line(_ text: String) async { await write(Array((text + "\n").utf8)) }

  /// Writes a service's lines. One that comes in several pieces stays whole unless another writes
  /// between them: then it is ended there, and goes on with its prefix.
  nonisolated func write(_ bytes: [UInt8], _ piece: OutputPiece) async {
    waiting.add(bytes.count, ordering: .relaxed)
    await take(bytes, piece)
  }

  private func take(_ bytes: [UInt8]) {
    endLine()
    put(bytes, insteadOf: bytes.count)
  }

  private func take(_ bytes: [UInt8], _ piece: OutputPiece) {
    if !piece.continuesLine || openLine != piece.prefix { endLine() }
    if piece.continuesLine, openLine == nil {
      // Its line was ended where it was interrupted.
      let rest =
        switch bytes.first {
        case 0x0a: Array(bytes.dropFirst())
        default: piece.prefix + bytes
        }
      put(rest, insteadOf: bytes.count)
      if bytes == [0x0a] { return }
    } else {
      put(bytes, insteadOf: bytes.count)
    }
    openLine = piece.isOpen ? piece.prefix : nil
  }

  private func endLine() {
    guard openLine != nil else { return }
    openLine = nil
    put([0x0a], insteadOf: 0)
  }

  /// Writes bytes; they stand in place of so many that were counted as waiting.
  private func put(_ bytes: [UInt8], insteadOf counted: Int) {
    waiting.add(bytes.count - counted, ordering: .relaxed)
    bytes.withUnsafeBytes { buffer in
      var offset = 0
      while !isBroken, offset < buffer.count, let base = buffer.baseAddress {
        let count = Glibc.write(descriptor, base + offset, buffer.count - offset)
        if count >= 0 {
          offset += count
          waiting.subtract(count, ordering: .relaxed)
        } else if errno == EAGAIN {
          // The descriptor may have been made non-blocking by whoever shares it.
          var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = Glibc.poll(&poll, 1, -1)
        } else if errno != EINTR {
          isBroken = true
        }
      }
      // Nobody is there who could miss them.
      waiting.subtract(buffer.count - offset, ordering: .relaxed)
    }
  }
}

/// Runs an actor on a dispatch queue of its own, so that a blocking call holds up that actor alone.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    queue.async { unowned.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

/// Where a pod's output goes.
public struct PodOutput: Sendable {
  /// Takes the containers' standard output.
  public let standardOutput: OutputWriter
  /// Takes the containers' standard error.
  public let standardError: OutputWriter
  /// True to colour the services' names.
  public let isColoured: Bool

  /// Joins the two writers.
  public init(standardOutput: OutputWriter, standardError: OutputWriter, isColoured: Bool) {
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.isColoured = isColoured
  }

  /// What couldn't be written since nobody reads it, in words; nil where all was written.
  public var unwritten: String? {
    let parts = [("standard output", standardOutput), ("standard error", standardError)]
      .filter { $0.1.unwritten > 0 }.map { "\($0.1.unwritten) bytes of \($0.0)" }
    guard !parts.isEmpty else { return nil }
    return "\(parts.joined(separator: " and ")) were not written: nobody reads them"
  }

  /// What stands before a line of a service: its name and ` | `.
  func prefix(service: String, index: Int) -> String {
    guard isColoured else { return service + " | " }
    let colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]
    return "\u{1b}[\(colours[index % colours.count])m\(service) |\u{1b}[0m "
  }
}
