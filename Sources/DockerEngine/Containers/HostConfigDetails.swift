/// The settings of a container that concern the host (Engine API, "HostConfig"). Only those that a
/// pod uses.
package struct HostConfigDetails: Sendable, Decodable {
  /// The parent of the container's cgroup.
  package let cgroupParent: String
  /// `default`, `bridge`, `host`, `none`, `container:ID` or the name of a network.
  package let networkMode: String
  /// The action of the engine when the container exits.
  package let restartPolicy: RestartPolicy?
  /// Published ports, by container port such as `80/tcp`.
  package let portBindings: [String: [PortBinding]?]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    cgroupParent = try fields["CgroupParent"] ?? ""
    networkMode = try fields["NetworkMode"] ?? ""
    restartPolicy = try fields["RestartPolicy"]
    portBindings = try fields["PortBindings"] ?? [:]
  }
}
