import CLinux
import Dispatch
import Glibc
import Linux
import Synchronization

/// Handles requests on an executor's control socket (docs/design.md, "Control socket"). It has no
/// thread of its own, and no part of the pod waits for it.
package final class ControlServer: Sendable {
  /// The limits for clients.
  package struct Limits: Sendable {
    /// The number of connections at the same time.
    package var connections = 8
    /// The number of connections for users other than root and the executor's own user.
    package var othersConnections = 6
    /// The time that a client has to send its request, and to read pending output.
    package var patience = Duration.seconds(10)

    /// The documented limits.
    package init() {}
  }

  /// Handles one request. The task is canceled when the client is gone.
  package typealias Handler = @Sendable (ControlRequest, ControlReply) async -> Void

  private struct State {
    var source: ReadSource?
    var replies: [Int: ControlReply] = [:]
    var last = 0
  }

  /// The socket that it listens on.
  package let socket: ControlSocket
  private let queue = DispatchQueue(label: "control")
  private let group: gid_t?
  private let limits: Limits
  private let handle: Handler
  private let file: (device: dev_t, inode: ino_t)
  private let state = Mutex(State())

  /// Creates the socket and its directory, and listens.
  ///
  /// - Parameters:
  ///   - socket: the name of the socket.
  ///   - group: the group whose members may send requests, beside root and this process's user; nil
  ///     for no group.
  ///   - limits: the limits for clients.
  ///   - handle: handles requests.
  /// - Throws: `ControlFault`
  package init(
    _ socket: ControlSocket, group: gid_t?, limits: Limits = Limits(), handle: @escaping Handler
  ) throws(ControlFault) {
    (self.socket, self.group, self.limits, self.handle) = (socket, group, limits, handle)
    try ControlDirectory.prepare(socket.directory, group: group)
    let path = socket.path
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let listener = Glibc.socket(AF_UNIX, Int32(kind), 0)
    guard listener >= 0 else { throw ControlFault(path, errno: errno) }
    var code = UnixSocket.bind(listener, to: path, mode: 0o600)
    if code == 0, Glibc.listen(listener, 16) != 0 { code = errno }
    var status = stat()
    if code == 0, lstat(path, &status) != 0 { code = errno }
    guard code == 0 else {
      Glibc.close(listener)
      throw ControlFault(path, errno: code)
    }
    file = (status.st_dev, status.st_ino)
    // Where the process may not change the group, the socket stays private to this user.
    if let group, chown(path, uid_t.max, group) == 0 { chmod(path, 0o660) }
    let source = ReadSource(listener, on: queue) { [weak self] in self?.accept(listener) }
    state.withLock { $0.source = source }
  }

  deinit { close() }

  /// Removes the socket and waits for responses in progress.
  ///
  /// - Parameter limit: the longest wait. After it, connections are closed.
  package func stop(within limit: Duration = .milliseconds(500)) async {
    close()
    let deadline = ContinuousClock.now + limit
    while .now < deadline, state.withLock({ !$0.replies.isEmpty }) {
      try? await Task.sleep(for: .milliseconds(10))
    }
    for reply in state.withLock({ Array($0.replies.values) }) { reply.close() }
  }

  /// Removes the socket, so that no client can connect. Responses in progress continue.
  package func close() {
    removeFile()
    state.withLock { state in
      state.source?.cancel()
      state.source = nil
    }
  }

  private func removeFile() {
    var status = stat()
    guard lstat(socket.path, &status) == 0, status.st_dev == file.device,
      status.st_ino == file.inode
    else { return }
    unlink(socket.path)
  }

  private func accept(_ listener: Int32) {
    while true {
      let client = linux_accept(listener)
      if client < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        // Without a free descriptor the server cannot even refuse a client.
        if errno != EAGAIN { state.withLock { $0.source }?.pause(milliseconds: 200) }
        return
      }
      guard let peer = SocketPeer.of(client) else {
        Glibc.close(client)
        continue
      }
      let reply = state.withLock { state -> ControlReply? in
        state.last += 1
        let number = state.last
        guard state.source != nil else { return nil }
        let reply = ControlReply(client, peer, on: queue, patience: limits.patience) {
          [weak self] in
          _ = self?.state.withLock { $0.replies.removeValue(forKey: number) }
        }
        if state.replies.count >= limits.connections {
          reply.refuse("\(limits.connections) connections are open: try again")
          return reply
        }
        guard isAllowed(peer) else {
          reply.refuse("user \(peer.user) may not query this executor (control-group)")
          return reply
        }
        // Clients that follow events stay connected. Root must still be able to stop the pod.
        if !isOwner(peer),
          state.replies.values.count(where: { !isOwner($0.peer) }) >= limits.othersConnections
        {
          reply.refuse("\(limits.othersConnections) connections of the group are open: try again")
          return reply
        }
        state.replies[number] = reply
        return reply
      }
      guard let reply else {
        Glibc.close(client)
        continue
      }
      reply.begin(handle)
    }
  }

  private func isAllowed(_ peer: SocketPeer) -> Bool {
    if isOwner(peer) { return true }
    guard let group else { return false }
    return peer.groups.contains(group)
  }

  private func isOwner(_ peer: SocketPeer) -> Bool { peer.user == 0 || peer.user == geteuid() }
}
