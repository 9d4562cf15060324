import DockerEngine
import Glibc

/// A line of a container's log, or a part of a line that is longer than 1 MiB.
struct LogLine {
  /// When it was written, in nanoseconds since 1970.
  var moment: Int64
  /// The same time in the engine's text.
  var time: ArraySlice<UInt8>
  /// The stream to which it was written.
  var stream: OutputStreamKind
  /// The bytes without the line feed.
  var bytes: ArraySlice<UInt8>
  /// Whether its beginning is in the previous part.
  var continues = false
  /// Whether its end is in the next part.
  var isOpen = false
}

/// Splits a container's log, which is read with timestamps, into lines. It knows where to continue
/// when the log is read again.
struct LogCutter {
  /// The longest line that is not split, in bytes.
  static let limit = 1 << 20
  /// The size of the messages into which the engine splits output without a line feed.
  private static let messageSize = 16 << 10

  private struct Pending {
    var bytes: [UInt8] = []
    var moment: Int64 = 0
    var time: [UInt8] = []
    /// Whether a part of the line has already been passed on.
    var isInside = false
  }

  private let isTerminal: Bool
  private var pending: [Pending] = [Pending(), Pending()]
  /// The last message: its time, the number of messages with that time including itself, and its
  /// position in the pending bytes.
  private var last: (moment: Int64, count: Int) = (.min, 0)
  private var lastStream = 0
  private var lastStart = 0
  private var lastHasEnd = true
  /// The messages to skip because they were read before.
  private var skipping: (moment: Int64, count: Int)?
  private var isSkipped = false
  // State for the output of a terminal.
  private var head: [UInt8] = []
  private var isInHead = true
  private var length = 0

  /// Starts at the beginning of a log.
  ///
  /// - Parameter isTerminal: whether the container has a terminal. Its log is then one stream with
  ///   a timestamp before each line.
  init(isTerminal: Bool) { self.isTerminal = isTerminal }

  /// The time from which to read the log again; nil before the first message.
  var resumption: Int64? { last.moment == .min ? nil : last.moment }

  /// Prepares to read the same log again from `resumption`.
  mutating func resume() {
    // A message that may be incomplete is read again completely.
    if !lastHasEnd {
      let index = lastStream
      if pending[index].bytes.count >= lastStart {
        pending[index].bytes.removeSubrange(lastStart...)
        last.count -= 1
      }
      lastHasEnd = true
    }
    skipping = last.moment == .min ? nil : last
    if let moment = resumption { last = (moment, 0) }
    (head, isInHead, length, isSkipped) = ([], true, 0, false)
  }

  /// Splits a piece of the log.
  ///
  /// - Parameters:
  ///   - frame: the piece.
  ///   - take: receives each line.
  mutating func feed(_ frame: OutputFrame, _ take: (LogLine) -> Void) {
    if isTerminal { return feed(terminal: frame.bytes[...], take) }
    let index = frame.stream == .stdout ? 0 : 1
    var rest = frame.bytes[...]
    if frame.isStart {
      // A connection can split a piece within its timestamp.
      (head, isInHead) = ([], true)
    }
    if isInHead {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else {
        head += rest
        return
      }
      begin(time: head.isEmpty ? rest[..<space] : (head + rest[..<space])[...], index)
      (head, isInHead) = ([], false)
      rest = rest[(space + 1)...]
    }
    put(rest, index, frame.stream, take)
  }

  /// Passes on the last line, which has no line feed, at the end of the log.
  mutating func finish(_ take: (LogLine) -> Void) {
    for index in 0...1 where !pending[index].bytes.isEmpty || pending[index].isInside {
      emit([], index, index == 0 ? .stdout : .stderr, take)
    }
  }

  private mutating func feed(terminal bytes: ArraySlice<UInt8>, _ take: (LogLine) -> Void) {
    var rest = bytes
    while !rest.isEmpty {
      if isInHead {
        let most = 40 - head.count
        if let space = rest.prefix(most).firstIndex(of: UInt8(ascii: " ")) {
          head += rest[..<space]
          rest = rest[(space + 1)...]
          if LogTime.date(head) != nil {
            begin(time: head[...], 0)
          } else {
            put((head + [UInt8(ascii: " ")])[...], 0, .stdout, take)
          }
          (head, isInHead) = ([], false)
        } else if rest.count < most {
          head += rest
          return
        } else {
          put((head + rest.prefix(most))[...], 0, .stdout, take)
          rest = rest.dropFirst(most)
          (head, isInHead) = ([], false)
        }
        continue
      }
      // The next timestamp follows a line feed or a full message of the engine.
      let part = rest.prefix(Self.messageSize - length)
      let end = part.firstIndex(of: 0x0a).map { $0 + 1 } ?? part.endIndex
      put(rest[..<end], 0, .stdout, take)
      length += end - rest.startIndex
      if rest[end - 1] == 0x0a || length == Self.messageSize { (length, isInHead) = (0, true) }
      rest = rest[end...]
    }
  }

  private mutating func begin(time: ArraySlice<UInt8>, _ index: Int) {
    let moment = LogTime.date(time) ?? last.moment
    if moment == last.moment { last.count += 1 } else { last = (moment, 1) }
    isSkipped = false
    if let skip = skipping {
      if moment == skip.moment, last.count <= skip.count {
        isSkipped = true
      } else if moment > skip.moment {
        skipping = nil
      }
    }
    (lastStream, lastStart, lastHasEnd) = (index, pending[index].bytes.count, isSkipped)
    if !isSkipped, pending[index].bytes.isEmpty, !pending[index].isInside {
      pending[index].moment = moment
      pending[index].time.replaceSubrange(0..., with: time)
    }
  }

  private mutating func put(
    _ bytes: ArraySlice<UInt8>, _ index: Int, _ stream: OutputStreamKind, _ take: (LogLine) -> Void
  ) {
    if isSkipped { return }
    var rest = bytes
    while let end = rest.firstNewline {
      emit(rest[..<end], index, stream, take)
      rest = rest[(end + 1)...]
      lastHasEnd = true
    }
    guard !rest.isEmpty else { return }
    lastHasEnd = false
    pending[index].bytes += rest
    if pending[index].bytes.count >= Self.limit {
      let bytes = pending[index].bytes
      take(
        LogLine(
          moment: pending[index].moment, time: pending[index].time[...], stream: stream,
          bytes: bytes[...], continues: pending[index].isInside, isOpen: true))
      pending[index].bytes = []
      pending[index].isInside = true
      lastStart = 0
    }
  }

  private mutating func emit(
    _ rest: ArraySlice<UInt8>, _ index: Int, _ stream: OutputStreamKind, _ take: (LogLine) -> Void
  ) {
    let isWhole = pending[index].bytes.isEmpty
    if !isWhole { pending[index].bytes += rest }
    take(
      LogLine(
        moment: pending[index].moment, time: pending[index].time[...], stream: stream,
        bytes: isWhole ? rest : pending[index].bytes[...], continues: pending[index].isInside))
    if !isWhole {
      pending[index].bytes.removeAll(keepingCapacity: pending[index].bytes.capacity <= 65_536)
    }
    pending[index].isInside = false
  }
}

extension ArraySlice<UInt8> {
  /// The index of the first line feed.
  var firstNewline: Int? {
    withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = memchr(base, 0x0a, bytes.count) else {
        return nil
      }
      return startIndex + base.distance(to: UnsafeRawPointer(found))
    }
  }

  /// The index of the last line feed.
  var lastNewline: Int? {
    // The indices of a raw buffer begin at 0.
    withUnsafeBytes { $0.lastIndex(of: 0x0a) }.map { startIndex + $0 }
  }
}
