import Glibc
import Linux

/// The mounts in the sandbox that may be visible to this executor only. With the isolator
/// `filesystem/linux` a persistent volume is a mount that the engine may not see; the engine would
/// then mount the empty directory below it.
struct SandboxMounts: Sendable {
  /// How the engine finds a path of the sandbox.
  enum Location: Sendable, Equatable {
    /// By the same path.
    case same
    /// By another path, where this process has the given mount.
    case at(String, MountTable.Mount)
    /// Not at all.
    case hidden
  }

  let own: MountTable
  /// The engine's mounts; nil if they can't be read.
  let engines: MountTable?
  /// The path of the engine's root directory, seen from this process.
  let engineRoot: String
  /// The sandbox's path, with links resolved.
  let sandbox: String

  /// Reads the mounts of this process and of the engine.
  ///
  /// - Parameters:
  ///   - sandbox: the sandbox.
  ///   - socket: the engine's socket.
  /// - Returns: the mounts; nil if the engine sees the same mounts as this process.
  static func current(sandbox: String, socket: String) -> SandboxMounts? {
    guard let real = RealPath.ofExisting(sandbox),
      let text = try? TextFile.text("/proc/self/mountinfo")
    else { return nil }
    let own = MountTable(mountinfo: text)
    guard own.mounts.contains(where: { RealPath.isPath($0.point, atOrBelow: real) }) else {
      return nil
    }
    // Only root can read another process's mounts and root.
    let engine = UnixSocket.listener(socket) ?? 0
    let directory = "/proc/\(engine)"
    if engine > 0, let space = TextFile.linkTarget(directory + "/ns/mnt") {
      if space == TextFile.linkTarget("/proc/self/ns/mnt") { return nil }
      let mounts = (try? TextFile.text(directory + "/mountinfo")).map {
        MountTable(mountinfo: $0)
      }
      return SandboxMounts(
        own: own, engines: mounts, engineRoot: directory + "/root", sandbox: real)
    }
    return SandboxMounts(own: own, engines: nil, engineRoot: "", sandbox: real)
  }

  /// How the engine finds the file that this process has at a path.
  ///
  /// - Parameter path: an absolute path. Missing components are located relative to their nearest
  ///   existing parent.
  /// - Returns: the engine's location; `same` for a path outside the sandbox.
  func location(of path: String) -> Location {
    var existing = path
    while !existing.isEmpty, existing != "/", RealPath.ofExisting(existing) == nil {
      existing = String(existing[..<(existing.lastIndex(of: "/") ?? existing.startIndex)])
    }
    guard let real = RealPath.ofExisting(existing.isEmpty ? "/" : existing),
      let mount = own.mount(of: real), RealPath.isPath(mount.point, atOrBelow: sandbox)
    else { return .same }
    let rest = path.dropFirst(existing.count)
    guard let engines else { return mount.isPropagated ? .same : .hidden }
    guard let wanted = Self.identity(of: real) else { return .hidden }
    if Self.identity(of: engineRoot + real) == wanted { return .same }
    let inner = Self.join(mount.root, real.dropFirst(mount.point.count))
    for other in engines.mounts.reversed()
    where other.device == mount.device && RealPath.isPath(inner, atOrBelow: other.root) {
      let below = other.root == "/" ? inner[...] : inner.dropFirst(other.root.count)
      let candidate = Self.join(other.point, below)
      if Self.identity(of: engineRoot + candidate) == wanted { return .at(candidate + rest, mount) }
    }
    return .hidden
  }

  /// The mounts below a path, with their relative paths and how the engine finds them.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: the mounts that the engine doesn't find by the same path.
  func hidden(below path: String) -> [(path: String, location: Location)] {
    guard let real = RealPath.ofExisting(path) else { return [] }
    var found: [String: Location] = [:]
    for mount in own.mounts
    where mount.point != real && RealPath.isPath(mount.point, atOrBelow: real)
      && RealPath.isPath(mount.point, atOrBelow: sandbox)
    {
      let location = location(of: mount.point)
      if location != .same {
        found[String(mount.point.dropFirst(real == "/" ? 0 : real.count))] = location
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func join(_ directory: String, _ rest: Substring) -> String {
    directory == "/" ? (rest.isEmpty ? "/" : String(rest)) : directory + rest
  }

  /// A file's identity, independent of its path: the file system and the inode number.
  private static func identity(of path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}
