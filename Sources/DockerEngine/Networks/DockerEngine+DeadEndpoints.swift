extension DockerEngine {
  /// Removes the endpoints that keep a network although their containers are gone: a dockerd that crashed, or could not
  /// write its store, leaves them, and refuses to remove the network ("has active endpoints") for good.
  ///
  /// An endpoint goes only if the engine knows no container by the ID that the network lists it under, and none by the
  /// endpoint's name. The second is what the engine disconnects by; an endpoint of a container that is being started is
  /// listed without its ID. Other hosts' containers are unknown to this engine: only networks of local scope qualify.
  ///
  /// - Parameter network: the network's ID, not its name, which can be used again.
  /// - Returns: the names of the endpoints that were removed; call it after a removal of the network was refused, and
  ///   remove again where there are any.
  /// - Throws: `EngineError` where the engine can't be asked, or refuses; 404 where the network is gone.
  public func disconnectDeadEndpoints(of network: String) async throws -> [String] {
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
        continue  // it went meanwhile
      }
    }
    return removed
  }

  /// Whether a network lists an endpoint under a container's ID, or as one without container; load balancers of a swarm
  /// are listed as `lb-…`.
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
        return false  // it is there, whatever it is
      }
    }
    return true
  }
}
