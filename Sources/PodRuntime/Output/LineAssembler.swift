#if canImport(Glibc)
  import Glibc
#endif

/// Splits a byte stream into whole lines and writes the service's name before each.
///
/// A line longer than `limit` is forwarded in pieces of that size, so that a container that never
/// completes a line can't exhaust the executor's memory.
struct LineAssembler {
  /// The longest line that is kept whole, in bytes.
  static let limit = 1 << 20

  /// The number of complete lines, including a last line without a line break.
  private(set) var lines: UInt64 = 0
  /// An estimate of the size of these lines in the engine's json-file log, in bytes.
  private(set) var loggedBytes: UInt64 = 0
  private let prefix: [UInt8]
  private var pending: [UInt8] = []
  /// Whether a part of the pending line has been forwarded.
  private var isInside = false
  /// The same at the time of the last piece.
  private var wasInside = false

  /// Starts without a pending line.
  ///
  /// - Parameter prefix: the text before each line.
  init(prefix: String) { self.prefix = Array(prefix.utf8) }

  /// The description of the bytes that were completed since the last call, for a writer.
  mutating func piece() -> OutputPiece {
    defer { wasInside = isInside }
    return OutputPiece(prefix: prefix, continuesLine: wasInside, isOpen: isInside)
  }

  /// Adds bytes, and appends the lines that they complete to `output`.
  mutating func feed(_ bytes: [UInt8], into output: inout [UInt8]) {
    output.reserveCapacity(output.count + pending.count + bytes.count + prefix.count * 8)
    bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      var start = 0
      while start < buffer.count {
        guard let newline = memchr(base + start, 0x0a, buffer.count - start) else { break }
        let end = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(newline))
        append(UnsafeBufferPointer(start: base + start, count: end - start), to: &output)
        start = end + 1
      }
      keep(UnsafeBufferPointer(start: base + start, count: buffer.count - start), &output)
    }
  }

  /// Completes the pending line, if any, after the container has exited.
  mutating func finish(into output: inout [UInt8]) {
    if pending.isEmpty && !isInside { return }
    append(UnsafeBufferPointer(start: nil, count: 0), to: &output)
  }

  /// Drops the unfinished line, which will be read again.
  mutating func dropPending() {
    pending.removeAll(keepingCapacity: false)
    isInside = false
    wasInside = false
  }

  private mutating func append(_ rest: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    if !isInside { output += prefix }
    let length = pending.count + rest.count
    output += pending
    output += rest
    output.append(0x0a)
    if !pending.isEmpty { pending.removeAll(keepingCapacity: pending.capacity <= 65_536) }
    isInside = false
    lines += 1
    loggedBytes += UInt64(length) + 90
  }

  private mutating func keep(_ rest: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
    pending += rest
    while pending.count >= Self.limit {
      if !isInside { output += prefix }
      output += pending[..<Self.limit]
      pending = Array(pending[Self.limit...])
      isInside = true
      loggedBytes += UInt64(Self.limit)
    }
  }
}

/// Skips lines that were forwarded before, when a log is read again from its beginning.
struct LineSkipper {
  private var left: UInt64

  /// Skips `lines` lines.
  init(lines: UInt64) { left = lines }

  /// The bytes that remain after the lines to skip.
  mutating func rest(of bytes: [UInt8]) -> [UInt8] {
    if left == 0 { return bytes }
    var index = 0
    while left > 0, index < bytes.count {
      if bytes[index] == 0x0a { left -= 1 }
      index += 1
    }
    return index < bytes.count ? Array(bytes[index...]) : []
  }
}
