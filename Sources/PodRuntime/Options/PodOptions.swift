/// What a pod does beyond its Compose file, each of it off unless asked for.
public struct PodOptions: Sendable, Equatable {
  /// The network that the pod's one network namespace is on; nil where services have networks of their own.
  public var sharedNetwork: String?
  /// Whether all services live in one pid namespace.
  public var sharesPID = false

  /// Nothing asked for.
  public init() {}

  /// Whether an infrastructure container holds namespaces for the services.
  public var needsInfra: Bool { sharedNetwork != nil || sharesPID }
}
