/// The host directory of this project's programs: control sockets, private mounts and marks.
package enum HostDirectory {
  /// The path is a constant because under Mesos the environment may come from the task. It is on
  /// tmpfs, so it is empty after a reboot.
  package static let path = "/run/compose-executor"

  /// Whether a real path is this directory or inside it. Nothing there is read or mounted for a
  /// tenant.
  ///
  /// - Parameter real: a path without symbolic links.
  /// - Returns: true if the path is inside.
  package static func contains(_ real: String) -> Bool {
    RealPath.isPath(real, atOrBelow: RealPath.of(path))
  }
}
