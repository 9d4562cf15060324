import CLinux
import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The result of thawing cgroups.
package struct CgroupThaw: Sendable {
  /// The directories of cgroups that were frozen and are thawed now.
  package var thawed: [String] = []
  /// The directories of cgroups that stay frozen, with the reason.
  package var failed: [(directory: String, reason: Errno)] = []
}

extension CgroupTree {
  /// Thaws a cgroup, whoever froze it: an agent that was killed while it destroyed the cgroup,
  /// `docker pause`, or an operator. On version 1, SIGKILL doesn't even kill a frozen process.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path. A path that `isPath(_:)` refuses is reported as an invalid
  ///     argument and left alone.
  ///   - alone: whether descendants keep their own state. A descendant that is frozen only because
  ///     of this cgroup is thawed anyway.
  /// - Returns: the cgroups that were thawed, and those that could not be.
  package func thaw(_ path: String, alone: Bool = false) -> CgroupThaw {
    guard Self.isPath(path) else { return CgroupThaw(failed: [(path, .invalidArgument)]) }
    var result = CgroupThaw()
    for hierarchy in mounts.hierarchies {
      guard let (file, free) = Self.freezer(of: hierarchy) else { continue }
      let directory = FilePath(hierarchy.mountPoint + path)
      // Parents first: a cgroup runs only when all its ancestors are thawed.
      for group in alone ? [directory] : Self.tree(from: directory) {
        Self.thaw(group, file: group.appending(file), free, &result)
      }
    }
    return result
  }

  /// Whether a cgroup itself, not only an ancestor, is frozen or freezing.
  package func isFrozen(_ path: String) -> Bool {
    mounts.hierarchies.contains { hierarchy in
      guard let (file, free) = Self.freezer(of: hierarchy) else { return false }
      return line(of: file, in: path, of: hierarchy).map { $0 != free } ?? false
    }
  }

  /// The file that freezes a cgroup of a hierarchy, and the file's text if the cgroup isn't frozen;
  /// nil if the hierarchy has no freezer.
  private static func freezer(of hierarchy: CgroupHierarchy) -> (file: String, free: String)? {
    switch hierarchy.version {
    case .v1: hierarchy.controllers.contains("freezer") ? ("freezer.state", "THAWED") : nil
    case .v2: ("cgroup.freeze", "0")
    }
  }

  private static func thaw(
    _ group: FilePath, file: FilePath, _ free: String, _ result: inout CgroupThaw
  ) {
    do {
      let state = try TextFile.text(file)
      if state.hasPrefix(free) { return }
      try write(free, to: file)
      result.thawed.append(group.string)
    } catch {
      let reason = error as? Errno ?? .ioError
      // The cgroup was removed meanwhile, or the kernel has no freezer.
      if reason == .noSuchFileOrDirectory || reason.rawValue == ENODEV { return }
      result.failed.append((group.string, reason))
    }
  }

  /// Kills every process in a cgroup and its descendants by SIGKILL, and waits until they have
  /// exited. Frozen processes are thawed. Processes outside the path, and this process, are never
  /// killed.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path, such as `/mesos/RUN/CONTAINER`. A path that `isPath(_:)` refuses
  ///     is left alone.
  ///   - keeping: directories of cgroups whose own processes aren't killed, such as those of
  ///     `own(membership:)`.
  ///   - limit: how long to wait for the processes to exit.
  /// - Returns: the processes that are still alive, without those that were spared; `missing` and
  ///   `empty` mean success.
  package func kill(
    _ path: String, keeping: Set<String> = [], within limit: Duration
  ) async -> CgroupOccupancy {
    guard Self.isPath(path) else { return .unreadable("\(path): it is not a cgroup of a pod") }
    let deadline = ContinuousClock.now + limit
    // The container's runtime removes the group as soon as its processes are killed.
    var wasThere = false
    while true {
      _ = thaw(path)
      var left: Set<Int32> = []
      do {
        for hierarchy in mounts.hierarchies {
          let top = hierarchy.mountPoint + path
          guard try Self.isDirectory(top) else { continue }
          wasThere = true
          left.formUnion(try killAll(below: FilePath(top), of: hierarchy, path, keeping: keeping))
        }
      } catch {
        return .unreadable("\(path): \(error)")
      }
      if left.isEmpty { return wasThere ? .empty : .missing }
      if .now >= deadline || Task.isCancelled { return .populated(left) }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// One round. - Returns: the processes that were found.
  private func killAll(
    below top: FilePath, of hierarchy: CgroupHierarchy, _ path: String, keeping: Set<String>
  ) throws -> Set<Int32> {
    let groups = Self.tree(from: top)
    var found: Set<Int32> = []
    for group in groups where !keeping.contains(group.string) {
      found.formUnion(try Self.processes(in: group))
    }
    let isShared = found.contains(getpid()) || groups.contains { keeping.contains($0.string) }
    found.remove(getpid())
    // A process of another PID namespace is listed as 0: only the kernel can kill it.
    if hierarchy.version == .v2, !found.isEmpty, !isShared,
      (try? Self.write("1", to: top.appending("cgroup.kill"))) != nil
    {
      return found
    }
    for pid in found where pid > 0 { Self.kill(pid, of: hierarchy, below: path) }
    return found
  }

  /// Kills a process if it is still in a cgroup: its process ID may be reused by now.
  private static func kill(_ pid: Int32, of hierarchy: CgroupHierarchy, below path: String) {
    let descriptor = linux_pidfd_open(pid)
    defer { if descriptor >= 0 { close(descriptor) } }
    // From here on the descriptor refers to one process: /proc/PID describes that process or
    // doesn't exist.
    guard let text = try? TextFile.text("/proc/\(pid)/cgroup"),
      CgroupMembership(text: text).isBelow(path, in: hierarchy)
    else { return }
    if descriptor >= 0, linux_pidfd_kill(descriptor) == 0 || errno == ESRCH { return }
    // A kernel without pidfds: the PID could still be reused between the check and the signal.
    _ = Glibc.kill(pid, SIGKILL)
  }

  private static func write(_ text: String, to file: FilePath) throws {
    let descriptor = try FileDescriptor.open(file, .writeOnly, options: .closeOnExec)
    _ = try descriptor.closeAfter { try descriptor.writeAll(text.utf8) }
  }
}

extension CgroupMembership {
  /// Whether the process is in a cgroup or a descendant of it.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path below the hierarchy's root.
  ///   - hierarchy: the hierarchy.
  /// - Returns: true if it is.
  func isBelow(_ path: String, in hierarchy: CgroupHierarchy) -> Bool {
    entries.contains { entry in
      entry.isOf(hierarchy)
        && (entry.path.utf8.elementsEqual(path.utf8)
          || entry.path.utf8.starts(with: (path + "/").utf8))
    }
  }
}
