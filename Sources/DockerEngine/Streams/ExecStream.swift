import Glibc
import HTTPClient

/// A command that is prepared and not yet started: see `DockerEngine.execStart`.
package struct ExecStart: Sendable {
  let call: EngineCall
  let request: HTTPRequest
  let isMultiplexed: Bool

  /// Starts the command, on the calling thread.
  ///
  /// - Returns: The command's streams.
  /// - Throws: `EngineError`: 409 if the container isn't running any more.
  package func open() throws -> ExecStream {
    do {
      let upgrade = try HTTPUpgrade.open(request)
      let status = upgrade.head.status
      guard status == 101 || status == 200 else {
        let body = upgrade.rest(upTo: 64 << 10, within: .seconds(2))
        // In a chunked body, chunk sizes surround the object.
        let object = body.drop { $0 != UInt8(ascii: "{") }
        let end = object.lastIndex(of: UInt8(ascii: "}")) ?? object.startIndex - 1
        throw call.refusal(
          status: status, body: object.isEmpty ? body : Array(object[...end]))
      }
      return ExecStream(upgrade, call, isMultiplexed: isMultiplexed)
    } catch let error as HTTPError {
      throw call.error(error)
    }
  }
}

/// The standard streams of a command that was started in a container. No call blocks: the owner
/// polls `descriptor`. Only one thread at a time may use it.
package final class ExecStream {
  /// The result of a receive.
  package enum Received {
    /// Output.
    case frames([OutputFrame])
    /// No data now: wait until the descriptor is readable.
    case later
    /// The command has exited, or every process has closed its outputs.
    case end
  }

  private let upgrade: HTTPUpgrade
  private let call: EngineCall
  private let isMultiplexed: Bool
  private var demultiplexer = Demultiplexer()
  private var chunk = [UInt8](repeating: 0, count: 32 << 10)

  init(_ upgrade: HTTPUpgrade, _ call: EngineCall, isMultiplexed: Bool) {
    (self.upgrade, self.call, self.isMultiplexed) = (upgrade, call, isMultiplexed)
  }

  /// The socket, only for poll(2).
  package var descriptor: Int32 { upgrade.descriptor }

  /// Receives output, at most 32 KiB.
  ///
  /// - Returns: The result.
  /// - Throws: `EngineError` if the connection breaks, or the stream is malformed.
  package func receive() throws -> Received {
    let upgrade = upgrade
    do {
      switch try chunk.withUnsafeMutableBytes({ try upgrade.receive($0) }) {
      case .later: return .later
      case .end: return .end
      case .bytes(let count):
        let bytes = Array(chunk[..<count])
        guard isMultiplexed else {
          return .frames([OutputFrame(stream: .stdout, bytes: bytes, isStart: false)])
        }
        var position = 0
        var frames: [OutputFrame] = []
        while let frame = try demultiplexer.next(in: bytes, at: &position) { frames.append(frame) }
        return .frames(frames)
      }
    } catch let error as HTTPError {
      throw call.error(error)
    } catch let error as Demultiplexer.Fault {
      throw call.error(.malformed, error.message)
    }
  }

  /// Sends input.
  ///
  /// - Parameter bytes: The bytes to send.
  /// - Returns: The number of bytes sent. 0 if the owner must wait until the descriptor is
  ///   writable.
  /// - Throws: `EngineError` if the command doesn't read its input any more.
  package func send(_ bytes: ArraySlice<UInt8>) throws -> Int {
    let upgrade = upgrade
    do {
      return try bytes.withUnsafeBytes { try upgrade.send($0) }
    } catch let error as HTTPError {
      throw call.error(error)
    }
  }

  /// Closes the input. The command then reads end-of-file.
  package func finishInput() { upgrade.finish() }
}
