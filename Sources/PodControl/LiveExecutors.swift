/// Reads the state of pods from the executors of this host.
package enum LiveExecutors {
  /// Requests the status of every executor that has a control socket, concurrently.
  ///
  /// - Parameters:
  ///   - directory: the directory of the sockets.
  ///   - limit: the longest time for one executor. An executor that does not respond is omitted.
  /// - Returns: the sockets in the order of their names, each with its executor's pods.
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
