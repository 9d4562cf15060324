import EngineStandIn
import Foundation
import TestSupport
import Testing

/// A fake engine that runs a function for each connection, and a client that is connected to the
/// stand-in before it.
struct Stage: Sendable {
  let client: Peer
  let standIn: EngineStandIn

  /// Creates a stage for the duration of `body`.
  ///
  /// - Parameters:
  ///   - release: The release to imitate.
  ///   - engine: Serves a connection, which is closed afterwards.
  ///   - body: The client's part.
  /// - Throws: The errors of `body`.
  static func with(
    _ release: EngineRelease, engine: @escaping @Sendable (Peer) -> Void,
    _ body: (Stage) throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let listening = try Socket.listen(on: .unix(path: directory.path("engine.sock")))
      Thread.detachNewThread {
        while let number = Socket.accept(listening) {
          engine(Peer(number))
          close(number)
        }
        close(listening)
      }
      defer { Socket.end(listening) }
      let standIn = try EngineStandIn(
        release, engine: directory.path("engine.sock"), at: directory.path("old.sock"))
      defer { standIn.stop() }
      let number = try #require(Socket.connect(to: standIn.socket))
      defer { close(number) }
      try body(Stage(client: Peer(number), standIn: standIn))
    }
  }
}

/// One end of a connection.
struct Peer: Sendable {
  private let number: Int32

  init(_ number: Int32) { self.number = number }

  /// Sends text. False if the peer has closed the connection.
  @discardableResult
  func send(_ text: String) -> Bool { Socket.write(number, Array(text.utf8)) }

  /// Closes the sending direction.
  func finish() { shutdown(number, Int32(SHUT_WR)) }

  /// Reads until the data ends with a text. Returns all data read, also if the connection ends
  /// first.
  func read(through end: String) -> String {
    var bytes: [UInt8] = []
    while !String(decoding: bytes, as: UTF8.self).hasSuffix(end) {
      let more = Socket.read(number, atMost: 1)
      if more.isEmpty { break }
      bytes += more
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads to the end of the connection.
  func rest() -> String {
    var bytes: [UInt8] = []
    while true {
      let more = Socket.read(number)
      if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += more
    }
  }

  /// Reads a head without its trailing empty line.
  func head() -> String { String(read(through: "\r\n\r\n").dropLast(1)) }
}
