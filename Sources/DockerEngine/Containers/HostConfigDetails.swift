/// How a container uses the host (Engine API, "HostConfig"), as far as a pod asks for it.
public struct HostConfigDetails: Sendable, Decodable {
  /// The cgroup below which its own is.
  public let cgroupParent: String
  /// `default`, `bridge`, `host`, `none`, `container:ID` or a network's name.
  public let networkMode: String
  /// What the engine does when it ends.
  public let restartPolicy: RestartPolicy?
  /// Published ports, by `80/tcp`.
  public let portBindings: [String: [PortBinding]?]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    cgroupParent = try fields["CgroupParent"] ?? ""
    networkMode = try fields["NetworkMode"] ?? ""
    restartPolicy = try fields["RestartPolicy"]
    portBindings = try fields["PortBindings"] ?? [:]
  }
}
