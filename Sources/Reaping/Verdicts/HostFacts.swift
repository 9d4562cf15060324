import DockerEngine
import PodIdentity

/// Facts about this host and the connection to its engine.
struct HostFacts: Sendable, Equatable {
  /// The kernel's ID of this boot.
  var bootID: String?
  /// The host's machine ID.
  var machineID: String?
  /// Whether the engine is reached by a local unix socket.
  var engineIsLocal: Bool
  /// Why the process table can't be trusted; nil if it can.
  var processTableFailure: String?

  /// Observes this host.
  static func current(engine: EngineEndpoint) -> HostFacts {
    HostFacts(
      bootID: Incarnation.current().bootID, machineID: HostIdentity.current().machineID,
      engineIsLocal: engine.isLocal, processTableFailure: ProcessTableCheck.failure())
  }
}
