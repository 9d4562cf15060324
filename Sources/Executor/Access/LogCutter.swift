import DockerEngine
import Glibc

/// A line of a container's log, or a part of one that is longer than a mebibyte.
struct LogLine {
  /// When it was written, in nanoseconds since 1970.
  var moment: Int64
  /// The same as the engine writes it.
  var time: ArraySlice<UInt8>
  /// Where it was written.
  var stream: OutputStreamKind
  /// What was written, without the line's end.
  var bytes: ArraySlice<UInt8>
  /// Its beginning was in the part before.
  var continues = false
  /// Its end is in the part that follows.
  var isOpen = false
}

/// Cuts a container's log, read with timestamps, into lines, and knows where to go on when the log is read again.
struct LogCutter {
  /// The longest line that is kept whole.
  static let limit = 1 << 20
  /// How the engine cuts what a container writes without a line's end.
  private static let messageSize = 16 << 10

  private struct Pending {
    var bytes: [UInt8] = []
    var moment: Int64 = 0
    var time: [UInt8] = []
    /// A part of the line has been passed on.
    var isInside = false
  }

  private let isTerminal: Bool
  private var pending: [Pending] = [Pending(), Pending()]
  /// The last message: its time, how many had the same one before it and with it, and where it is.
  private var last: (moment: Int64, count: Int) = (.min, 0)
  private var lastStream = 0
  private var lastStart = 0
  private var lastHasEnd = true
  /// Messages to pass over: those that were read before.
  private var skipping: (moment: Int64, count: Int)?
  private var isSkipped = false
  // Of a terminal's output.
  private var head: [UInt8] = []
  private var isInHead = true
  private var length = 0

  /// Starts at the beginning.
  ///
  /// - Parameter isTerminal: whether the container has a terminal: its log is one stream, with a time before each line.
  init(isTerminal: Bool) { self.isTerminal = isTerminal }

  /// From when the log is to be read again; nil before the first message.
  var resumption: Int64? { last.moment == .min ? nil : last.moment }

  /// Prepares for the same log, read again from `resumption` on.
  mutating func resume() {
    // A message that may not be whole comes again as a whole.
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

  /// Cuts a piece of the log.
  ///
  /// - Parameters:
  ///   - frame: the piece.
  ///   - take: takes each line.
  mutating func feed(_ frame: OutputFrame, _ take: (LogLine) -> Void) {
    if isTerminal { return feed(terminal: frame.bytes[...], take) }
    let index = frame.stream == .stdout ? 0 : 1
    var rest = frame.bytes[...]
    if frame.isStart {
      // The piece may end in the middle of its time, if a connection brought it in two.
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

  /// The last line, without an end: nothing more comes.
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
      // The next time is behind a line's end, or behind as much as the engine takes at once.
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
  /// Where the first line ends.
  var firstNewline: Int? {
    withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = memchr(base, 0x0a, bytes.count) else {
        return nil
      }
      return startIndex + base.distance(to: UnsafeRawPointer(found))
    }
  }

  /// Where the last line that has an end ends.
  var lastNewline: Int? {
    // A raw buffer's indices begin at 0.
    withUnsafeBytes { $0.lastIndex(of: 0x0a) }.map { startIndex + $0 }
  }
}
