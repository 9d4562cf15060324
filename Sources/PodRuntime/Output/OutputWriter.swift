import Dispatch
import Glibc
import Synchronization

/// What lines of a service are, beside their bytes: whole lines, but for one that is too long to be
/// kept.
package struct OutputPiece: Sendable {
  /// What is written before each of its lines.
  package var prefix: [UInt8]
  /// The first line's beginning was in the piece before.
  package var continuesLine: Bool
  /// The last line's end is in the piece that follows.
  package var isOpen: Bool

  /// Describes lines.
  package init(prefix: [UInt8], continuesLine: Bool, isOpen: Bool) {
    (self.prefix, self.continuesLine, self.isOpen) = (prefix, continuesLine, isOpen)
  }
}

/// Writes to a file descriptor in order, on a thread that may block: whoever awaits a write is held back as
/// long as the reader at the other end is slow, and nothing else waits.
public actor OutputWriter {
  private let executor: QueueExecutor
  private let descriptor: Int32
  /// What stays below its lines on a terminal.
  private let region: OutputRegion?
  /// Whether the reader is gone: a write has failed.
  public var isBroken: Bool { brokenBy != nil }
  /// The error of the write that failed.
  public private(set) var brokenBy: Int32?
  private let waiting = Atomic(0)
  /// Before the line that has no end so far: the prefix; nil where the last line is whole.
  private var openLine: [UInt8]?

  /// The serial queue that writes happen on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Writes to an open descriptor, which stays the caller's.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor.
  ///   - region: lines of the same terminal that stay below what is written.
  public init(descriptor: Int32, above region: OutputRegion? = nil) {
    self.descriptor = descriptor
    self.region = region
    executor = region?.executor ?? QueueExecutor(label: "output-\(descriptor)")
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
  package nonisolated func write(_ bytes: [UInt8], _ piece: OutputPiece) async {
    waiting.add(bytes.count, ordering: .relaxed)
    await take(bytes, piece)
  }

  private func take(_ bytes: [UInt8]) {
    region?.assumeIsolated { $0.clear() }
    endLine()
    put(bytes, insteadOf: bytes.count)
    region?.assumeIsolated { $0.restore(isInLine: false) }
  }

  private func take(_ bytes: [UInt8], _ piece: OutputPiece) {
    region?.assumeIsolated { $0.clear() }
    putPiece(bytes, piece)
    let isInLine = openLine != nil
    region?.assumeIsolated { $0.restore(isInLine: isInLine) }
  }

  private func putPiece(_ bytes: [UInt8], _ piece: OutputPiece) {
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
          brokenBy = errno
        }
      }
      // Nobody is there who could miss them.
      waiting.subtract(buffer.count - offset, ordering: .relaxed)
    }
  }
}

/// Runs an actor on a dispatch queue of its own, so that a blocking call holds up that actor alone; several where they share
/// what they write to.
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
  /// True to write an object a line, all to the first of the two writers (docs/pods.md, "JSON output").
  public let isJSON: Bool

  /// Joins the two writers.
  public init(
    standardOutput: OutputWriter, standardError: OutputWriter, isColoured: Bool,
    isJSON: Bool = false
  ) {
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.isColoured = isColoured
    self.isJSON = isJSON
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
    if isJSON { return "" }
    guard isColoured else { return service + " | " }
    let colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]
    return "\u{1b}[\(colours[index % colours.count])m\(service) |\u{1b}[0m "
  }
}
