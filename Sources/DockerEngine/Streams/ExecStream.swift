import Glibc
import HTTPClient

/// A command that is prepared and not started yet: `DockerEngine.execStart`.
public struct ExecStart: Sendable {
  let call: EngineCall
  let request: HTTPRequest
  let isMultiplexed: Bool

  /// Starts the command, on the calling thread.
  ///
  /// - Returns: its streams.
  /// - Throws: `EngineError`: 409 where the container doesn't run any more.
  public func open() throws -> ExecStream {
    do {
      let upgrade = try HTTPUpgrade.open(request)
      let status = upgrade.head.status
      guard status == 101 || status == 200 else {
        let body = upgrade.rest(upTo: 64 << 10, within: .seconds(2))
        // A chunked body has its sizes around the object.
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

/// The standard streams of a command that was started in a container. No call waits: the owner polls `descriptor`. One
/// thread at a time may use it.
public final class ExecStream {
  /// What a receive gives.
  public enum Received {
    /// Output.
    case frames([OutputFrame])
    /// Nothing now: wait until the descriptor is readable.
    case later
    /// The command has exited, or nobody holds its outputs open any more.
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

  /// The socket, for poll(2) alone.
  public var descriptor: Int32 { upgrade.descriptor }

  /// Receives output, 32 KiB at most.
  ///
  /// - Returns: what came of it.
  /// - Throws: `EngineError` if the connection breaks, or the stream is not what it should be.
  public func receive() throws -> Received {
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
  /// - Parameter bytes: what to send.
  /// - Returns: how many bytes were taken; 0 where the owner waits until the descriptor is writable.
  /// - Throws: `EngineError` where nobody reads it any more.
  public func send(_ bytes: ArraySlice<UInt8>) throws -> Int {
    let upgrade = upgrade
    do {
      return try bytes.withUnsafeBytes { try upgrade.send($0) }
    } catch let error as HTTPError {
      throw call.error(error)
    }
  }

  /// Ends the input: the command reads to its end.
  public func finishInput() { upgrade.finish() }
}
