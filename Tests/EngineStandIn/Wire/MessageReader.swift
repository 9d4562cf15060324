import TestSupport

/// Reads HTTP messages from a socket, and passes on the data between them.
struct MessageReader {
  /// The bytes aren't HTTP, or end too early.
  struct Malformed: Error {}

  private let socket: Int32
  private var buffer: [UInt8] = []

  init(_ socket: Int32) { self.socket = socket }

  /// Waits until data has arrived. False at the end of the stream.
  mutating func waits() -> Bool { !buffer.isEmpty || fill() }

  /// The next head. Nil at the end of the stream.
  mutating func head() throws -> MessageHead? {
    guard waits() else { return nil }
    guard let head = MessageHead(try text(through: "\r\n\r\n")) else { throw Malformed() }
    return head
  }

  /// The complete body.
  mutating func body(_ framing: MessageHead.Framing) throws -> [UInt8] {
    var body: [UInt8] = []
    try pieces(framing) { body += $0 }
    return body
  }

  /// Passes a body in pieces as they arrive, without the framing of chunks.
  mutating func pieces(
    _ framing: MessageHead.Framing, _ take: ([UInt8]) throws -> Void
  ) throws {
    switch framing {
    case .none: break
    case .length(let count): try bytes(count, take)
    case .close: while waits() { try take(all()) }
    case .chunked:
      while true {
        guard let size = Int(try text(through: "\r\n"), radix: 16) else { throw Malformed() }
        try bytes(size, take)
        _ = try text(through: "\r\n")
        if size == 0 { return }
      }
    }
  }

  /// Passes the remaining data up to the end of the stream, as it arrives.
  mutating func rest(_ take: ([UInt8]) throws -> Void) rethrows {
    while waits() { try take(all()) }
  }

  private mutating func bytes(_ count: Int, _ take: ([UInt8]) throws -> Void) throws {
    var left = count
    while left > 0 {
      guard waits() else { throw Malformed() }
      let piece = Array(buffer.prefix(left))
      buffer.removeFirst(piece.count)
      left -= piece.count
      try take(piece)
    }
  }

  private mutating func all() -> [UInt8] {
    defer { buffer = [] }
    return buffer
  }

  /// Reads text up to and including an end marker.
  private mutating func text(through end: String) throws -> String {
    let end = Array(end.utf8)
    while true {
      if let range = buffer.firstRange(of: end) {
        defer { buffer.removeFirst(range.upperBound) }
        return String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
      }
      guard buffer.count < 1 << 20, fill() else { throw Malformed() }
    }
  }

  private mutating func fill() -> Bool {
    let more = Socket.read(socket)
    buffer += more
    return !more.isEmpty
  }
}
