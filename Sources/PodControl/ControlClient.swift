import Concurrency
import Dispatch
import Glibc
import Linux
import PodIdentity

/// Asks one executor about its pods.
public struct ControlClient: Sendable {
  /// The executor's socket.
  public let socket: ControlSocket

  /// A client; nothing is connected yet.
  public init(_ socket: ControlSocket) { self.socket = socket }

  /// The status of an executor's pods.
  ///
  /// - Parameter limit: how long the executor may take.
  /// - Returns: one status for each task that is not over; a pod that is launching is among them.
  /// - Throws: `ControlError`
  public func status(within limit: Duration = .seconds(2)) async throws(ControlError)
    -> [PodStatus]
  {
    try await responses(to: ControlRequest(.status), within: limit).compactMap(\.status)
  }

  /// Sends a request whose response ends by itself, and waits for the end.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - limit: how long the executor may take.
  /// - Returns: the response's lines.
  /// - Throws: `ControlError`; `refused` with the executor's reason.
  public func responses(
    to request: ControlRequest, within limit: Duration
  ) async throws(ControlError) -> [ControlResponse] {
    let deadline = ContinuousClock.now + limit
    let connection = try await connect(until: deadline)
    defer { connection.close() }
    connection.send(request)
    var lines: [ControlResponse] = []
    while true {
      guard let line = try await connection.next(until: deadline) else { throw .broken }
      lines.append(line)
      if line.end == true { return lines }
      // Lines that never end are no response either.
      if .now >= deadline { throw .silent }
      if lines.count > 100_000 { throw .garbled }
    }
  }

  /// Connects, and checks that the peer is the process that the socket's name says.
  ///
  /// - Parameter deadline: when a busy executor is waited for no more.
  /// - Returns: the connection, on which one request can be sent.
  /// - Throws: `ControlError`
  public func connect(until deadline: ContinuousClock.Instant) async throws(ControlError)
    -> ControlConnection
  {
    while true {
      let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
      let file = Glibc.socket(AF_UNIX, Int32(kind), 0)
      guard file >= 0 else { throw .failed(String(cString: strerror(errno))) }
      if UnixSocket.withAddress(socket.path, { Glibc.connect(file, $0, $1) }) == 0 {
        guard isExecutor(file) else {
          Glibc.close(file)
          throw .stranger
        }
        return ControlConnection(file)
      }
      let reason = errno
      Glibc.close(file)
      switch reason {
      case ENOENT, ECONNREFUSED, ENOTDIR: throw .absent
      case EACCES, EPERM: throw .denied
      case EAGAIN, EINTR: break
      default: throw .failed(String(cString: strerror(reason)))
      }
      // Its queue of connections is full.
      guard .now < deadline, (try? await Task.sleep(for: .milliseconds(20))) != nil else {
        throw .silent
      }
    }
  }

  private func isExecutor(_ file: Int32) -> Bool {
    guard let pid = socket.pid, Self.seesHostProcesses, let peer = SocketPeer.of(file) else {
      return true
    }
    return peer.pid == pid
  }

  private static let seesHostProcesses =
    TextFile.linkTarget("/proc/self/ns/pid") == Incarnation.initialPIDNamespace
}
