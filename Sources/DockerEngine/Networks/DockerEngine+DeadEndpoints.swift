extension DockerEngine {
  /// Removes the endpoints that block the removal of a network although their containers are gone.
  /// A dockerd that crashed, or couldn't write its store, leaves such endpoints and refuses for
  /// good to remove the network ("has active endpoints").
  ///
  /// An endpoint is removed only if the engine has no container with the ID under which the network
  /// lists it, and none with the endpoint's name. The engine disconnects by name, and lists the
  /// endpoint of a container that is being started without the container's ID. This engine doesn't
  /// have the containers of other hosts, so only networks of local scope qualify.
  ///
  /// - Parameter network: The network's ID. Its name isn't safe, since another network can reuse
  ///   it.
  /// - Returns: The names of the removed endpoints. Call it after the engine refused to remove the
  ///   network. If the list isn't empty, retry the removal.
  /// - Throws: `EngineError` if the engine can't be reached or refuses; 404 if the network is gone.
  package func disconnectDeadEndpoints(of network: String) async throws -> [String] {
    let details = try await inspectNetwork(network)
    guard details.scope == "local" else { return [] }
    var removed: [String] = []
    for (key, endpoint) in details.containers.sorted(by: { $0.value.name < $1.value.name }) {
      guard !endpoint.name.isEmpty, Self.isListedAsContainer(key, endpoint),
        try await isUnknown(key, endpoint)
      else { continue }
      do {
        try await disconnectNetwork(details.id, container: endpoint.name, force: true)
        removed.append(endpoint.name)
      } catch let error as EngineError where error.isNotFound {
        continue  // it was removed meanwhile
      }
    }
    return removed
  }

  /// Whether a network lists an endpoint under a container's ID, or as an endpoint without
  /// container. The load balancers of a swarm are listed as `lb-…`.
  private static func isListedAsContainer(_ key: String, _ endpoint: NetworkMember) -> Bool {
    if key == "ep-\(endpoint.endpointID)" { return true }
    return key.utf8.count == 64 && key.utf8.allSatisfy { Self.hexDigits.contains($0) }
  }

  private static let hexDigits = Set("0123456789abcdef".utf8)

  private func isUnknown(_ key: String, _ endpoint: NetworkMember) async throws -> Bool {
    for name in key.hasPrefix("ep-") ? [endpoint.name] : [key, endpoint.name] {
      do {
        _ = try await inspectContainer(name)
        return false
      } catch let error as EngineError where error.isNotFound {
        continue
      } catch let error as EngineError where error.kind == .malformed {
        return false  // the container exists, but its description is malformed
      }
    }
    return true
  }
}
