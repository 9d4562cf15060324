/// What the executors of this host report of their pods.
package enum LiveExecutors {
  /// Asks every executor that has a control socket, at the same time.
  ///
  /// - Parameters:
  ///   - directory: the directory of their sockets.
  ///   - limit: how long one may take; whoever does not respond is left out.
  /// - Returns: the sockets, each with its executor's pods, in the order of their names.
  package static func statuses(
    in directory: String = ControlSocket.standardDirectory, within limit: Duration = .seconds(2)
  ) async -> [(socket: ControlSocket, pods: [PodStatus])] {
    let sockets = ControlSocket.all(in: directory)
    return await withTaskGroup(of: (Int, [PodStatus])?.self) { group in
      for (index, socket) in sockets.enumerated() {
        group.addTask {
          let pods = try? await ControlClient(socket).status(within: limit)
          return pods.map { (index, $0) }
        }
      }
      var found: [(Int, [PodStatus])] = []
      for await case let one? in group { found.append(one) }
      return found.sorted { $0.0 < $1.0 }.map { (sockets[$0.0], $0.1) }
    }
  }
}
