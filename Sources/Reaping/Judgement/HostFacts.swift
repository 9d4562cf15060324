import DockerEngine
import PodIdentity

/// What is known of the host that this program runs on, and of the way to its engine.
struct HostFacts: Sendable, Equatable {
  /// The kernel's ID of this boot.
  var bootID: String?
  /// The host's machine ID.
  var machineID: String?
  /// Whether the engine is behind a local unix socket.
  var engineIsLocal: Bool
  /// Why the process table can't be trusted; nil where it can.
  var processTableFailure: String?

  /// Looks at this host.
  static func current(engine: EngineEndpoint) -> HostFacts {
    HostFacts(
      bootID: Incarnation.current().bootID, machineID: HostIdentity.current().machineID,
      engineIsLocal: engine.isLocal, processTableFailure: ProcessTableCheck.failure())
  }
}
