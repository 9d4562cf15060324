import Dispatch
import Glibc
import Synchronization

/// The description of a service's lines, which are whole except for a line that is too long to be
/// kept.
package struct OutputPiece: Sendable {
  /// The text before each line.
  package var prefix: [UInt8]
  /// Whether the first line began in the previous piece.
  package var continuesLine: Bool
  /// Whether the last line continues in the next piece.
  package var isOpen: Bool

  /// Creates a description.
  package init(prefix: [UInt8], continuesLine: Bool, isOpen: Bool) {
    (self.prefix, self.continuesLine, self.isOpen) = (prefix, continuesLine, isOpen)
  }
}

/// Writes to a file descriptor in order, on a thread that may block. A caller that awaits a write
/// is suspended while the reader is slow; other work continues.
package actor OutputWriter {
  private let executor: QueueExecutor
  private let descriptor: Int32
  /// The lines that stay below the output on a terminal.
  private let region: OutputRegion?
  /// Whether a write has failed because the reader is gone.
  package var isBroken: Bool { brokenBy != nil }
  /// The errno of the failed write.
  package private(set) var brokenBy: Int32?
  private let waiting = Atomic(0)
  /// The prefix of the incomplete last line; nil if the last line is complete.
  private var openLine: [UInt8]?

  /// The serial queue that writes run on.
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Creates a writer to an open descriptor that the caller owns.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor.
  ///   - region: lines of the same terminal that stay below the output.
  package init(descriptor: Int32, above region: OutputRegion? = nil) {
    self.descriptor = descriptor
    self.region = region
    executor = region?.executor ?? QueueExecutor(label: "output-\(descriptor)")
  }

  /// The number of bytes that are not yet written. It is readable at once, even while a write
  /// blocks.
  package nonisolated var unwritten: Int { waiting.load(ordering: .relaxed) }

  /// Writes whole lines. After the reader is gone the rest is dropped, since a pod outlives its
  /// reader.
  package nonisolated func write(_ bytes: [UInt8]) async {
    waiting.add(bytes.count, ordering: .relaxed)
    await append(bytes)
  }

  /// Writes a line.
  package nonisolated func line(_ text: String) async { await write(Array((text + "\n").utf8)) }

  /// Writes a service's lines. A line in several pieces stays whole unless another writer
  /// interrupts it: then a line break is added, and the rest begins with the prefix.
  package nonisolated func write(_ bytes: [UInt8], _ piece: OutputPiece) async {
    waiting.add(bytes.count, ordering: .relaxed)
    await append(bytes, piece)
  }

  private func append(_ bytes: [UInt8]) {
    region?.assumeIsolated { $0.clear() }
    endLine()
    put(bytes, insteadOf: bytes.count)
    region?.assumeIsolated { $0.restore(isInLine: false) }
  }

  private func append(_ bytes: [UInt8], _ piece: OutputPiece) {
    region?.assumeIsolated { $0.clear() }
    putPiece(bytes, piece)
    let isInLine = openLine != nil
    region?.assumeIsolated { $0.restore(isInLine: isInLine) }
  }

  private func putPiece(_ bytes: [UInt8], _ piece: OutputPiece) {
    if !piece.continuesLine || openLine != piece.prefix { endLine() }
    if piece.continuesLine, openLine == nil {
      // The line was completed where it was interrupted.
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

  /// Writes bytes in place of `counted` bytes that were counted as waiting.
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
          // Another process that shares the descriptor may have made it non-blocking.
          var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = Glibc.poll(&poll, 1, -1)
        } else if errno != EINTR {
          brokenBy = errno
        }
      }
      // After a failure no reader remains, so the rest no longer counts as waiting.
      waiting.subtract(buffer.count - offset, ordering: .relaxed)
    }
  }
}

/// Runs an actor on its own dispatch queue, so that a blocking call blocks no other actor. Actors
/// that write to the same target share one.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    queue.async { unowned.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

/// The destination of a pod's output.
package struct PodOutput: Sendable {
  /// Receives the containers' standard output.
  package let standardOutput: OutputWriter
  /// Receives the containers' standard error.
  package let standardError: OutputWriter
  /// Whether the services' names are colored.
  package let isColored: Bool
  /// Whether each line is a JSON object, all written to the first writer (docs/pods.md, "JSON
  /// output").
  package let isJSON: Bool

  /// Creates an output from its two writers.
  package init(
    standardOutput: OutputWriter, standardError: OutputWriter, isColored: Bool,
    isJSON: Bool = false
  ) {
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.isColored = isColored
    self.isJSON = isJSON
  }

  /// The text about bytes that could not be written because the reader is gone; nil if all were
  /// written.
  package var unwritten: String? {
    let parts = [("standard output", standardOutput), ("standard error", standardError)]
      .filter { $0.1.unwritten > 0 }.map { "\($0.1.unwritten) bytes of \($0.0)" }
    guard !parts.isEmpty else { return nil }
    return "\(parts.joined(separator: " and ")) were not written: no process reads them"
  }

  /// The prefix of a service's lines: its name and ` | `.
  func prefix(service: String, index: Int) -> String {
    if isJSON { return "" }
    guard isColored else { return service + " | " }
    let colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]
    return "\u{1b}[\(colors[index % colors.count])m\(service) |\u{1b}[0m "
  }
}
