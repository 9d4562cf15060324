import HTTPClient
import JSON

/// Finds the JSON objects in a stream, whatever the boundaries of its pieces. Objects may have
/// white space or record separators between them. It skips an object that is too large; labels can
/// make an event that large.
struct JSONObjectSplitter {
  /// The stream has something else than JSON objects.
  struct Fault: Error, Equatable {
    let message: String
  }

  /// An event or a line of progress has a few hundred bytes. Labels can make it tens of thousands
  /// of bytes long.
  static let largestObject = 4 << 20

  private var object: [UInt8] = []
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var isTooLarge = false

  /// Whether the bytes so far stop in the middle of an object.
  var isInsideObject: Bool { depth > 0 }

  /// The next object in `bytes` from `position` on. Advances `position` past it. Nil when all bytes
  /// are used.
  mutating func next(in bytes: [UInt8], at position: inout Int) throws(Fault) -> [UInt8]? {
    var start = position
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if depth == 0 {
        if byte == UInt8(ascii: "{") {
          depth = 1
          start = position - 1
        } else if ![UInt8(ascii: " "), 9, 10, 13, 0x1E].contains(byte) {
          throw Fault(message: "the engine's stream doesn't consist of JSON objects")
        }
        continue
      }
      consume(byte)
      if depth == 0 {
        keep(bytes[start..<position])
        defer { (object, isTooLarge) = ([], false) }
        if !isTooLarge { return object }
      }
    }
    if depth > 0 { keep(bytes[start..<position]) }
    return nil
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    isTooLarge = isTooLarge || object.count + bytes.count > Self.largestObject
    if isTooLarge { object = [] } else { object += bytes }
  }

  private mutating func consume(_ byte: UInt8) {
    if isEscaped {
      isEscaped = false
    } else if isInString {
      if byte == UInt8(ascii: "\\") { isEscaped = true }
      if byte == UInt8(ascii: "\"") { isInString = false }
    } else {
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
  }
}

/// Reads decoded objects from a streamed response.
struct JSONObjectReader<Object: Decodable> {
  private var pieces: HTTPBody.AsyncIterator
  private let call: EngineCall
  private let decoder = JSONDecoder()
  private var splitter = JSONObjectSplitter()
  private var bytes: [UInt8] = []
  private var position = 0

  init(_ body: HTTPBody, _ call: EngineCall) {
    pieces = body.makeAsyncIterator()
    self.call = call
  }

  mutating func next(isolation actor: isolated (any Actor)?) async throws -> Object? {
    do {
      while true {
        if position < bytes.count, let object = try splitter.next(in: bytes, at: &position) {
          return try decoder.decode(Object.self, from: object)
        }
        guard let piece = try await pieces.next(isolation: actor) else {
          guard !splitter.isInsideObject else {
            throw call.error(.unreachable, "the stream broke off in the middle of an object")
          }
          return nil
        }
        bytes = piece
        position = 0
      }
    } catch let error as HTTPError {
      throw call.error(error)
    } catch let error as JSONObjectSplitter.Fault {
      throw call.error(.malformed, error.message)
    } catch let error as DecodingError {
      throw call.error(.malformed, "unexpected object in the stream: \(decodingFault(error))")
    }
  }
}
