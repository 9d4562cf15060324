import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A pipe that collects up to a fixed number of bytes of a program's output, in memory only: the
/// output is never written to a file.
package final class BoundedPipe: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isWhole = true
    var isOver = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// The end that the program writes to.
  package let writer: FileDescriptor
  private let reader: FileDescriptor
  private let state = Mutex(State())

  /// Creates the pipe and reads it on a separate thread.
  ///
  /// - Parameter most: the number of bytes that are kept. A program that writes more finds the pipe
  ///   closed.
  /// - Throws: `Errno`.
  package init(most: Int) throws {
    var ends: [Int32] = [0, 0]
    guard linux_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
    reader = FileDescriptor(rawValue: ends[0])
    writer = FileDescriptor(rawValue: ends[1])
    DispatchQueue(label: "pipe").async { self.read(most) }
  }

  /// Closes this process's copy of the write end. The output is complete when the program has
  /// closed its copy too.
  package func finish() { try? writer.close() }

  /// Waits until the program closes its output. Call `finish()` first.
  ///
  /// - Returns: the output, and whether it is complete.
  package func bytes() async -> (bytes: [UInt8], isWhole: Bool) {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock {
        if !$0.isOver { $0.waiter = continuation }
        return $0.isOver
      }
      if isOver { continuation.resume() }
    }
    return state.withLock { ($0.bytes, $0.isWhole) }
  }

  private func read(_ most: Int) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= most {
      let count = (try? buffer.withUnsafeMutableBytes { try reader.read(into: $0) }) ?? 0
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    try? reader.close()
    let isWhole = bytes.count <= most
    let waiter = state.withLock { state in
      state.bytes = Array(bytes.prefix(most))
      state.isWhole = isWhole
      state.isOver = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }
}
