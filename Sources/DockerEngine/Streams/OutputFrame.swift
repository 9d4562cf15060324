/// Which of its outputs a container wrote to.
public enum OutputStreamKind: Sendable, Hashable {
  /// Standard output; with a terminal, all output.
  case stdout
  /// Standard error.
  case stderr
}

/// A piece of a container's output.
public struct OutputFrame: Sendable, Hashable {
  /// Where it was written.
  public let stream: OutputStreamKind
  /// The bytes; pieces of one stream, joined, are what the container wrote.
  public let bytes: [UInt8]
  /// Whether a frame of the engine begins here. With timestamps each frame does with one. Never with a terminal.
  public let isStart: Bool

  /// A piece of output.
  public init(stream: OutputStreamKind, bytes: [UInt8], isStart: Bool) {
    self.stream = stream
    self.bytes = bytes
    self.isStart = isStart
  }
}
