import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A pipe whose reader keeps what a program writes, up to a number of bytes. Nothing of it is ever in a file.
public final class BoundedPipe: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isWhole = true
    var isOver = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// What the program writes to.
  public let writer: FileDescriptor
  private let reader: FileDescriptor
  private let state = Mutex(State())

  /// Makes one, and reads it on a thread of its own.
  ///
  /// - Parameter most: how many bytes are kept. A program that writes more finds the pipe closed.
  /// - Throws: `Errno`.
  public init(most: Int) throws {
    var ends: [Int32] = [0, 0]
    guard linux_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
    reader = FileDescriptor(rawValue: ends[0])
    writer = FileDescriptor(rawValue: ends[1])
    DispatchQueue(label: "pipe").async { self.read(most) }
  }

  /// Closes this process's writing end: what the program has closed too ends then.
  public func finish() { try? writer.close() }

  /// Waits for the end of what the program writes; `finish()` comes before.
  ///
  /// - Returns: what it wrote, and whether that is all.
  public func bytes() async -> (bytes: [UInt8], isWhole: Bool) {
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
