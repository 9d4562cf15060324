import DockerEngine
import Logging
import PodControl
import PodObjects
import Program

extension Reaper {
  /// Removes leftovers of dead executors outside of the engine: private mounts, image leases and
  /// control sockets.
  func removeAbandoned() {
    for directory in engine.endpoint.socketPath.map(AbandonedPins.release) ?? [] {
      log.notice(
        "removed the mounts of a dead executor",
        metadata: ["mounts": "\(Printable.text(directory))"])
    }
    ImageLeases.removeAbandoned()
    for socket in ControlDirectory.removeAbandoned() {
      log.notice(
        "removed the control socket of a dead executor",
        metadata: ["socket": "\(Printable.text(socket))"])
    }
  }
}
