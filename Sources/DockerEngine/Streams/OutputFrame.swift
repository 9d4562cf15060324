/// The output that a container wrote to.
package enum OutputStreamKind: Sendable, Hashable {
  /// Standard output. With a terminal, all output.
  case stdout
  /// Standard error.
  case stderr
}

/// A piece of a container's output.
package struct OutputFrame: Sendable, Hashable {
  /// The output that the piece was written to.
  package let stream: OutputStreamKind
  /// The bytes. The joined pieces of one stream are the container's output.
  package let bytes: [UInt8]
  /// Whether the piece is the start of a frame of the engine. With timestamps, each frame begins
  /// with one. Always false with a terminal.
  package let isStart: Bool

  /// Creates a piece of output.
  package init(stream: OutputStreamKind, bytes: [UInt8], isStart: Bool) {
    self.stream = stream
    self.bytes = bytes
    self.isStart = isStart
  }
}
