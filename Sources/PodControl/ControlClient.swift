import Concurrency
import Dispatch
import Glibc
import Linux
import PodIdentity

/// Sends requests to the control socket of one executor.
package struct ControlClient: Sendable {
  /// The executor's socket.
  package let socket: ControlSocket

  /// A client without a connection.
  package init(_ socket: ControlSocket) { self.socket = socket }

  /// Requests the status of an executor's pods.
  ///
  /// - Parameter limit: the longest time for the whole response.
  /// - Returns: one status for each task that has not finished, including those whose pod is
  ///   launching.
  /// - Throws: `ControlError`
  package func status(within limit: Duration = .seconds(2)) async throws(ControlError)
    -> [PodStatus]
  {
    try await responses(to: ControlRequest(.status), within: limit).compactMap(\.status)
  }

  /// Sends a request whose response has a last line, and waits for that line.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - limit: the longest time for the whole response.
  /// - Returns: the lines of the response.
  /// - Throws: `ControlError`; `refused` with the executor's reason.
  package func responses(
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
      // A response without a last line is stopped at the deadline or at a number of lines.
      if .now >= deadline { throw .silent }
      if lines.count > 100_000 { throw .garbled }
    }
  }

  /// Connects, and checks that the peer is the process that the name of the socket contains.
  ///
  /// - Parameter deadline: when to stop the attempts to connect to a busy executor.
  /// - Returns: the connection, on which one request can be sent.
  /// - Throws: `ControlError`
  package func connect(until deadline: ContinuousClock.Instant) async throws(ControlError)
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
      // The connection queue of the executor is full.
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
