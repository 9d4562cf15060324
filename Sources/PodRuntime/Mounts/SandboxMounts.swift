import Glibc
import Linux

/// What is mounted in the sandbox for this executor alone: with the isolator `filesystem/linux` a persistent volume is a
/// mount that the engine may not see, which then would mount the empty directory below it.
struct SandboxMounts: Sendable {
  /// How the engine finds a path of the sandbox.
  enum Place: Sendable, Equatable {
    /// By the same path.
    case same
    /// By another one, which this process has as this mount.
    case at(String, MountTable.Mount)
    /// It can't.
    case hidden
  }

  let own: MountTable
  /// The engine's mounts; nil where they can't be seen.
  let engines: MountTable?
  /// Leads to the engine's root.
  let engineRoot: String
  /// The sandbox, without links.
  let sandbox: String

  /// Looks at the mounts.
  ///
  /// - Parameters:
  ///   - sandbox: the sandbox.
  ///   - socket: the engine's socket.
  /// - Returns: nil where the engine sees what this process does.
  static func current(sandbox: String, socket: String) -> SandboxMounts? {
    guard let real = RealPath.ofExisting(sandbox),
      let text = try? TextFile.text("/proc/self/mountinfo")
    else { return nil }
    let own = MountTable(mountinfo: text)
    guard own.mounts.contains(where: { RealPath.isPath($0.point, atOrBelow: real) }) else {
      return nil
    }
    // Only root sees another process's mounts and root.
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

  /// How the engine finds what this process has at a path.
  ///
  /// - Parameter path: an absolute path; what is missing of it is in the same place as its parent.
  /// - Returns: the place; the same for what isn't in the sandbox.
  func place(of path: String) -> Place {
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

  /// The mounts below a path, by their paths from there, with how the engine finds them.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: those that it doesn't find by the same path.
  func hidden(below path: String) -> [(path: String, place: Place)] {
    guard let real = RealPath.ofExisting(path) else { return [] }
    var found: [String: Place] = [:]
    for mount in own.mounts
    where mount.point != real && RealPath.isPath(mount.point, atOrBelow: real)
      && RealPath.isPath(mount.point, atOrBelow: sandbox)
    {
      let place = place(of: mount.point)
      if place != .same {
        found[String(mount.point.dropFirst(real == "/" ? 0 : real.count))] = place
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func join(_ directory: String, _ rest: Substring) -> String {
    directory == "/" ? (rest.isEmpty ? "/" : String(rest)) : directory + rest
  }

  /// What a file is, whatever its path: its file system and number there.
  private static func identity(of path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}
