import Linux
import PodIdentity
import SystemPackage

/// The private mounts of pods' bind mounts, as a policy has them made.
package enum AbandonedPins {
  /// Where all pods' are: memory, which the next boot begins with anew.
  package static let directory = "\(HostDirectory.path)/mounts"

  /// The directory of a pod's, which names its executor.
  package static func directory(of identity: PodIdentity) -> String {
    let owner = identity.incarnation
    return "\(directory)/\(identity.run).\(owner.pid ?? 0).\(owner.startTime ?? 0)"
  }

  /// Takes back what executors that are gone left: containers keep what they were started with.
  ///
  /// - Parameter socket: the engine's, which the mounts were made for.
  /// - Returns: the directories that are gone.
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
        case .gone? = Incarnation(bootID: bootID, pid: pid, startTime: start).look()
      else { return nil }
      let mounts = PinnedMounts(directory: "\(directory)/\(name)", process: process)
      for entry in (try? Directory.names(of: mounts.directory)) ?? [] { try? mounts.unpin(entry) }
      let isThere = (try? Directory.names(of: mounts.directory)) != nil
      return isThere ? nil : mounts.directory
    }
  }
}
