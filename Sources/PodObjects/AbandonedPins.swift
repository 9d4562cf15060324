import Linux
import PodIdentity
import SystemPackage

/// The private mounts of pods' bind mounts that a policy requires.
package enum AbandonedPins {
  /// The parent directory of all pods' mounts; in memory, so it is empty after a reboot.
  package static let directory = "\(HostDirectory.path)/mounts"

  /// The directory of a pod's mounts, whose name identifies its executor.
  package static func directory(of identity: PodIdentity) -> String {
    let owner = identity.incarnation
    return "\(directory)/\(identity.run).\(owner.pid ?? 0).\(owner.startTime ?? 0)"
  }

  /// Removes the mounts of executors that are gone. Containers keep the mounts with which they were
  /// started.
  ///
  /// - Parameter socket: the socket of the engine for which the mounts were created.
  /// - Returns: the removed directories.
  package static func release(engine socket: String) -> [String] {
    let names = (try? Directory.names(of: directory)) ?? []
    guard !names.isEmpty, ProcessTableCheck.failure() == nil,
      let bootID = Incarnation.current().bootID, let process = UnixSocket.listener(socket),
      process > 0
    else { return [] }
    return names.compactMap { name in
      let parts = name.split(separator: ".")
      guard parts.count >= 3, let pid = Int32(parts[parts.count - 2]), pid > 0,
        let start = UInt64(parts[parts.count - 1]),
        case .gone? = Incarnation(bootID: bootID, pid: pid, startTime: start).inspect()
      else { return nil }
      let mounts = PinnedMounts(directory: "\(directory)/\(name)", process: process)
      for entry in (try? Directory.names(of: mounts.directory)) ?? [] { try? mounts.unpin(entry) }
      let isThere = (try? Directory.names(of: mounts.directory)) != nil
      return isThere ? nil : mounts.directory
    }
  }
}
