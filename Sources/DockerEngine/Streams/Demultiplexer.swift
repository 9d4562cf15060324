/// Decodes the engine's multiplexed output: frames of an 8-byte header (stream, three zeros,
/// big-endian length) and a payload (Engine API, "ContainerAttach", "Stream format"). A payload is
/// passed on as it arrives, possibly in parts.
struct Demultiplexer {
  /// The stream doesn't follow the Engine API.
  struct Fault: Error, Equatable {
    let message: String
  }

  private var header: [UInt8] = []
  private var kind = OutputStreamKind.stdout
  private var left = 0
  private var isStart = false

  /// Whether the bytes so far stop in the middle of a frame.
  var isInsideFrame: Bool { left > 0 || !header.isEmpty }

  /// The next piece of output in `bytes` from `position` on. Advances `position` past it. Nil when
  /// all bytes are used.
  mutating func next(in bytes: [UInt8], at position: inout Int) throws(Fault) -> OutputFrame? {
    while position < bytes.count {
      if left == 0 {
        try readHeader(bytes, &position)
        continue
      }
      let end = min(position + left, bytes.count)
      let frame = OutputFrame(stream: kind, bytes: Array(bytes[position..<end]), isStart: isStart)
      left -= end - position
      position = end
      isStart = false
      return frame
    }
    return nil
  }

  private mutating func readHeader(_ bytes: [UInt8], _ position: inout Int) throws(Fault) {
    let end = min(position + 8 - header.count, bytes.count)
    header += bytes[position..<end]
    position = end
    guard header.count == 8 else { return }
    defer { header.removeAll(keepingCapacity: true) }
    let length = header[4...].reduce(0) { $0 << 8 | Int($1) }
    guard header[1] == 0, header[2] == 0, header[3] == 0 else {
      throw Fault(message: "the output is not multiplexed: does the container have a terminal?")
    }
    switch header[0] {
    case 0, 1: kind = .stdout
    case 2: kind = .stderr
    case 3:
      throw Fault(message: "the engine reports an error in the output")
    default: throw Fault(message: "unknown stream \(header[0]) in the output")
    }
    left = length
    isStart = true
  }
}
