import CLinux
import Glibc
import PodIdentity
import SystemPackage
import Linux

/// What became of groups that were to be thawed.
public struct CgroupThaw: Sendable {
  /// The folders that were frozen and are so no more.
  public var thawed: [String] = []
  /// Those that stay frozen, with the reason.
  public var failed: [(folder: String, reason: Errno)] = []
}

extension CgroupFolders {
  /// Lets a cgroup's processes go on, whoever froze them: an agent that was killed in the middle of a destroy,
  /// `docker pause`, an operator. A frozen process of version 1 doesn't even die of SIGKILL.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path; one that `isPath(_:)` refuses is left alone, as an invalid argument.
  ///   - alone: true if the groups below stay as they are. One that is frozen only because this one is goes on anyway.
  /// - Returns: what was thawed, and what could not be.
  public func thaw(_ path: String, alone: Bool = false) -> CgroupThaw {
    guard Self.isPath(path) else { return CgroupThaw(failed: [(path, .invalidArgument)]) }
    var result = CgroupThaw()
    for hierarchy in mounts.hierarchies {
      guard let (file, free) = Self.freezer(of: hierarchy) else { continue }
      let folder = FilePath(hierarchy.mountPoint + path)
      // From above to below: a group goes on only when all above it do.
      for group in alone ? [folder] : Self.tree(from: folder) {
        Self.thaw(group, file: group.appending(file), free, &result)
      }
    }
    return result
  }

  /// Whether a cgroup itself is frozen, or is becoming so, in the hierarchy that freezes.
  package func isFrozen(_ path: String) -> Bool {
    mounts.hierarchies.contains { hierarchy in
      guard let (file, free) = Self.freezer(of: hierarchy) else { return false }
      return line(of: file, in: path, of: hierarchy).map { $0 != free } ?? false
    }
  }

  /// The file that freezes a group of a hierarchy, and its text where the group is not frozen; nil where the hierarchy
  /// has no freezer.
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
      // Removed meanwhile, or a kernel without freezer.
      if reason == .noSuchFileOrDirectory || reason.rawValue == ENODEV { return }
      result.failed.append((group.string, reason))
    }
  }

  /// Ends every process in a cgroup and below by SIGKILL, and waits until they are gone. Frozen ones are thawed. Nothing
  /// outside of the path is hurt, and this process is not, wherever it lives.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path, such as `/mesos/RUN/CONTAINER`; one that `isPath(_:)` refuses is left alone.
  ///   - keeping: folders whose own processes are left alone, such as those of `own(membership:)`.
  ///   - limit: how long they may take to end.
  /// - Returns: what still lives, but for what was kept; `missing` and `empty` are a success.
  public func kill(
    _ path: String, keeping: Set<String> = [], within limit: Duration
  ) async -> CgroupLook {
    guard Self.isPath(path) else { return .unreadable("\(path): it is no pod's cgroup") }
    let deadline = ContinuousClock.now + limit
    while true {
      _ = thaw(path)
      var left: Set<Int32> = []
      var isThere = false
      do {
        for hierarchy in mounts.hierarchies {
          let top = hierarchy.mountPoint + path
          guard try Self.isFolder(top) else { continue }
          isThere = true
          left.formUnion(try killAll(below: FilePath(top), of: hierarchy, path, keeping: keeping))
        }
      } catch {
        return .unreadable("\(path): \(error)")
      }
      if left.isEmpty { return isThere ? .empty : .missing }
      if .now >= deadline || Task.isCancelled { return .populated(left) }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// One round. - Returns: the processes that were there.
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
    // A process of another pid namespace is listed as 0: the kernel alone can end it.
    if hierarchy.version == .v2, !found.isEmpty, !isShared,
      (try? Self.write("1", to: top.appending("cgroup.kill"))) != nil
    {
      return found
    }
    for pid in found where pid > 0 { Self.kill(pid, of: hierarchy, below: path) }
    return found
  }

  /// Ends a process if it still is in a group: its number may be another's by now.
  private static func kill(_ pid: Int32, of hierarchy: CgroupHierarchy, below path: String) {
    let descriptor = linux_pidfd_open(pid)
    defer { if descriptor >= 0 { close(descriptor) } }
    // From here on the descriptor stands for one process, and what /proc says of the number is of it or of nobody.
    guard let text = try? TextFile.text("/proc/\(pid)/cgroup"),
      CgroupMembership(text: text).isBelow(path, in: hierarchy)
    else { return }
    if descriptor >= 0, linux_pidfd_kill(descriptor) == 0 || errno == ESRCH { return }
    // A kernel without pidfd: the moment between the look and the signal stays.
    _ = Glibc.kill(pid, SIGKILL)
  }

  private static func write(_ text: String, to file: FilePath) throws {
    let descriptor = try FileDescriptor.open(file, .writeOnly, options: .closeOnExec)
    _ = try descriptor.closeAfter { try descriptor.writeAll(text.utf8) }
  }
}

extension CgroupMembership {
  /// Whether the process is in a group or below it.
  ///
  /// - Parameters:
  ///   - path: the group's path below the hierarchy's root.
  ///   - hierarchy: the hierarchy.
  /// - Returns: whether it is there.
  func isBelow(_ path: String, in hierarchy: CgroupHierarchy) -> Bool {
    entries.contains { entry in
      entry.isOf(hierarchy)
        && (entry.path.utf8.elementsEqual(path.utf8)
          || entry.path.utf8.starts(with: (path + "/").utf8))
    }
  }
}
