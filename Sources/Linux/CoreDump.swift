import CLinux

/// What a crash writes of this process's memory.
public enum CoreDump {
  /// Keeps this process's memory out of core dumps, and from other processes of its user, from now on (prctl(2),
  /// PR_SET_DUMPABLE). Programs that it starts aren't affected.
  public static func forbid() { linux_forbid_dumps() }

  /// Whether they are kept out.
  public static var isForbidden: Bool { linux_forbids_dumps() != 0 }
}
