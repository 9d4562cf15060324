/// What the programs have on the host beside the engine: control sockets, private mounts, marks.
public enum HostDirectory {
  /// Its path, a constant: under Mesos the environment may be the task's. Memory, which the next boot begins with anew.
  public static let path = "/run/compose-executor"

  /// Whether a real path is the directory, or leads into it: nothing there is read or mounted for a tenant.
  ///
  /// - Parameter real: the path, without links.
  /// - Returns: whether it is.
  public static func contains(_ real: String) -> Bool {
    RealPath.isPath(real, atOrBelow: RealPath.of(path))
  }
}
