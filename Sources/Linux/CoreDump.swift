import CLinux

/// Controls whether core dumps contain this process's memory.
package enum CoreDump {
  /// From now on, excludes this process's memory from core dumps and from access by other processes
  /// of the same user (prctl(2), PR_SET_DUMPABLE). Programs that it starts aren't affected.
  package static func forbid() { linux_forbid_dumps() }

  /// Whether core dumps are disabled for this process.
  package static var isForbidden: Bool { linux_forbids_dumps() != 0 }
}
