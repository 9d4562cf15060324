import Compose
import DockerEngine

extension ContainerPlan {
  /// The create request, completed with the image and the containers that it refers to.
  ///
  /// - Parameters:
  ///   - image: the image's name or ID.
  ///   - ids: the IDs of the pod's containers by key.
  /// - Returns: the request's body.
  func resolved(image: String, ids: [String: String]) -> ContainerCreate {
    var body = create
    body.image = image
    var host = body.hostConfig ?? HostConfig()
    for reference in references {
      guard let id = ids[reference.key] else { continue }
      switch reference {
      case .network: host.networkMode = "container:\(id)"
      case .pid: host.pidMode = "container:\(id)"
      case .ipc: host.ipcMode = "container:\(id)"
      case .volumes(_, let readOnly):
        host.volumesFrom = (host.volumesFrom ?? []) + [id + (readOnly ? ":ro" : "")]
      case .link(_, let alias):
        host.links = (host.links ?? []) + ["\(id):\(alias)"]
        let link = Self.link(to: id, as: alias)
        for name in body.networkingConfig?.endpointsConfig?.keys.sorted() ?? [] {
          let links = body.networkingConfig?.endpointsConfig?[name]?.links ?? []
          body.networkingConfig?.endpointsConfig?[name]?.links = links + [link]
        }
      }
    }
    body.hostConfig = host
    for (network, settings) in joins(ids: ids) where settings.macAddress != nil {
      body.networkingConfig?.endpointsConfig?[network] = settings
    }
    return body
  }

  /// The networks to which the container is connected before it starts, with its links there.
  ///
  /// - Parameter ids: the IDs of the pod's containers by key.
  /// - Returns: all networks except those in the create request: the first one, and those with a
  ///   hardware address, because engines before API 1.54 ignore that address in connect requests.
  func resolvedConnections(
    ids: [String: String]
  ) -> [(network: String, settings: EndpointSettings)] {
    joins(ids: ids).filter { $0.settings.macAddress == nil }
  }

  private func joins(ids: [String: String]) -> [(network: String, settings: EndpointSettings)] {
    let links = references.compactMap { reference -> String? in
      guard case .link(let key, let alias) = reference, let id = ids[key] else {
        return nil
      }
      return Self.link(to: id, as: alias)
    }
    return connections.map { network, settings in
      var settings = settings
      if !links.isEmpty { settings.links = (settings.links ?? []) + links }
      return (network, settings)
    }
  }

  /// On a user-defined network, a link needs a name that the target has there. The short ID is such
  /// a name.
  private static func link(to id: String, as alias: String) -> String {
    "\(id.count == 64 ? String(id.prefix(12)) : id):\(alias)"
  }

  /// Whether the container will have a healthcheck.
  func hasHealthcheck(imageHas: Bool) -> Bool {
    guard let check = create.healthcheck else { return imageHas }
    guard let test = check.test, let first = test.first else { return imageHas }
    return first != "NONE"
  }
}

/// How much of a container's output the engine keeps.
enum LogCapacity {
  /// The number of bytes that a log holds at least before rotation removes its beginning; nil if
  /// this is unknown, `UInt64.max` if the log is never rotated.
  static func bytes(of config: LogConfig?) -> UInt64? {
    guard let config, config.type == nil || config.type == "json-file" else { return nil }
    guard let size = config.config?["max-size"] else { return .max }
    guard let limit = ByteSize(size).flatMap({ UInt64(exactly: $0.bytes) }) else { return nil }
    let files = config.config?["max-file"].flatMap { UInt64($0) } ?? 1
    // A file is rotated after it has exceeded the limit, so the line at the limit may be in either
    // file.
    let (whole, isBeyond) = limit.multipliedReportingOverflow(by: max(files, 1))
    return (isBeyond ? .max : whole) / 10 * 9
  }
}
