/// Splits a stream into records. A record is its length in decimal, a line feed, and that number of
/// bytes (Mesos, docs/scheduler-http-api.md, "RecordIO response format"). The pieces of the stream
/// can have any boundaries.
package struct RecordIODecoder: Sendable {
  /// A stream that is not RecordIO, or a record that is too long.
  package struct Malformed: Error, Sendable, CustomStringConvertible {
    /// The fault.
    package let description: String
  }

  private enum State: Sendable {
    case length(UInt64, digits: Int)
    case record(left: Int)
    case failed(Malformed)
  }

  /// The largest accepted record, in bytes.
  package let maximumRecordSize: Int
  private var state = State.length(0, digits: 0)
  private var record: [UInt8] = []

  /// A decoder at the beginning of a stream; by default a record may have 16 MiB.
  package init(maximumRecordSize: Int = 16 << 20) {
    self.maximumRecordSize = maximumRecordSize
  }

  /// Whether the stream is between two records.
  package var isBetweenRecords: Bool {
    if case .length(_, digits: 0) = state { return true }
    return false
  }

  /// Decodes further bytes and returns the records that they complete.
  /// - Throws: ``Malformed``, in this call and all later ones, because the beginning of the next
  ///   record is unknown.
  package mutating func decode(_ bytes: some Collection<UInt8>) throws(Malformed) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var rest = bytes[...]
    while let byte = rest.first {
      switch state {
      case .failed(let error): throw error
      case .length(let length, let digits):
        rest = rest.dropFirst()
        if byte == UInt8(ascii: "\n"), digits > 0 {
          try beginRecord(length, &records)
        } else {
          try addDigit(byte, to: length, digits)
        }
      case .record(let left):
        let part = rest.prefix(left)
        record += part
        rest = rest.dropFirst(part.count)
        if part.count == left {
          finishRecord(&records)
        } else {
          state = .record(left: left - part.count)
        }
      }
    }
    if case .failed(let error) = state { throw error }
    return records
  }

  private mutating func beginRecord(_ length: UInt64, _ records: inout [[UInt8]]) throws(Malformed)
  {
    guard length <= UInt64(clamping: maximumRecordSize) else {
      throw fail("a record of \(length) bytes, more than \(maximumRecordSize)")
    }
    // The sender can send any size, so memory is allocated only as bytes arrive.
    record.reserveCapacity(Int(min(length, 64 << 10)))
    state = .record(left: Int(length))
    if length == 0 { finishRecord(&records) }
  }

  private mutating func addDigit(
    _ byte: UInt8, to length: UInt64, _ digits: Int
  ) throws(Malformed) {
    guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else {
      throw fail("byte \(byte) in the length of a record")
    }
    guard digits < 19 else { throw fail("a record's length has more than 19 digits") }
    state = .length(length * 10 + UInt64(byte - UInt8(ascii: "0")), digits: digits + 1)
  }

  private mutating func finishRecord(_ records: inout [[UInt8]]) {
    records.append(record)
    record = []
    state = .length(0, digits: 0)
  }

  private mutating func fail(_ what: String) -> Malformed {
    let error = Malformed(description: "the event stream is not RecordIO: \(what)")
    state = .failed(error)
    record = []
    return error
  }
}
